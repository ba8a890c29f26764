"""Adapter of rule gene_activity."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.gene_activity import gene_activity

    gene_activity(
        regions=snakemake.input.regions,
        barcodes=snakemake.input.barcodes,
        genes=snakemake.input.genes,
        out=snakemake.output.activity,
        window=snakemake.params.window,
        decay=snakemake.params.decay,
    )
