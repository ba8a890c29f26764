"""Adapter of rule chromosomes."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.reference import chromosomes

    chromosomes(
        chrom_sizes=snakemake.input.chrom_sizes,
        genome=snakemake.input.get("genome"),
        out=snakemake.output.table,
        pattern=snakemake.params.pattern,
        mitochondrion=snakemake.params.mitochondrion,
    )
