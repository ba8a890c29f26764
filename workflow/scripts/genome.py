"""Adapter of rule genome."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.reference import genome

    genome(
        fasta=snakemake.input.fasta,
        out=snakemake.output.fasta,
        index=snakemake.output.index,
        chromosome_names=snakemake.input.get("names"),
    )
