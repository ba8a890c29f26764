"""Adapter of rule chrom_sizes."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.reference import chrom_sizes

    chrom_sizes(
        source=snakemake.input.source,
        out=snakemake.output.sizes,
        chromosome_names=snakemake.input.get("names"),
    )
