"""Adapter of rule promoters."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.reference import promoters

    promoters(
        tss=snakemake.input.tss,
        chrom_sizes=snakemake.input.chrom_sizes,
        out=snakemake.output.promoters,
    )
