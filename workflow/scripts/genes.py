"""Adapter of rule genes."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.reference import genes

    genes(
        source=snakemake.input.source,
        kind=snakemake.params.kind,
        chrom_sizes=snakemake.input.chrom_sizes,
        out=snakemake.output.genes,
        chromosome_names=snakemake.input.get("names"),
    )
