"""Adapter of rule ingest_regions."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.ingest_regions import ingest_regions

    ingest_regions(
        source=snakemake.params.source,
        out=snakemake.output.regions,
        kind=snakemake.params.kind,
        layer=snakemake.params.layer,
        counting=snakemake.params.counting,
        barcodes=snakemake.params.barcodes,
        chromosome_names=snakemake.input.get("names"),
    )
