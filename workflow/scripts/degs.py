"""Adapter of rule degs."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.degs import degs

    degs(
        rna=snakemake.input.rna,
        barcodes=snakemake.input.barcodes,
        labels=snakemake.input.labels,
        table=snakemake.output.table,
        max_padj=snakemake.params.max_padj,
        min_log2fc=snakemake.params.min_log2fc,
    )
