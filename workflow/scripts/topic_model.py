"""Adapter of rule topic_model."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.topic_model import topic_model

    topic_model(
        regions=snakemake.input.regions,
        barcodes=snakemake.input.barcodes,
        labels=snakemake.input.labels,
        out=snakemake.output.topics,
        engine=snakemake.wildcards.engine,
        settings={"k": int(snakemake.wildcards.k), **snakemake.params.settings},
    )
