"""Adapter of rule ingest_rna."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.ingest_rna import ingest_rna

    ingest_rna(
        source=snakemake.params.source,
        out=snakemake.output.rna,
        kind=snakemake.params.kind,
        layer=snakemake.params.layer,
        obs_columns=snakemake.params.obs_columns,
        barcodes=snakemake.params.barcodes,
    )
