"""Adapter of rule topic_regions."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.topic_regions import topic_regions

    topic_regions(
        topics=snakemake.input.topics,
        regions=snakemake.input.regions,
        barcodes=snakemake.input.barcodes,
        out=dict(snakemake.output.items()),
        n_imputed=snakemake.params.n_imputed,
    )
