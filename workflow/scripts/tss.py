"""Adapter of rule tss."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.reference import tss

    tss(
        source=snakemake.input.source,
        kind=snakemake.params.kind,
        chrom_sizes=snakemake.input.chrom_sizes,
        out=snakemake.output.tss,
        chromosome_names=snakemake.input.get("names"),
    )
