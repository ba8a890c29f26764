"""Adapter of rule doublets."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.doublets import doublets

    doublets(
        rna=snakemake.input.rna,
        barcodes=snakemake.input.barcodes,
        quality=snakemake.input.quality,
        table=snakemake.output.table,
        caller=snakemake.params.caller,
        rate_per_1000=snakemake.params.rate_per_1000,
        seed=snakemake.params.seed,
    )
