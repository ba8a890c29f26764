"""Adapter of rule dars."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.dars import dars

    dars(
        regions=snakemake.input.regions,
        barcodes=snakemake.input.barcodes,
        labels=snakemake.input.labels,
        topics=snakemake.input.topics,
        table=snakemake.output.table,
        folder=snakemake.output.folder,
        max_padj=snakemake.params.max_padj,
        min_log2fc=snakemake.params.min_log2fc,
    )
