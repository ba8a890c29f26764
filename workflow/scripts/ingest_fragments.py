"""Adapter of rule ingest_fragments."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.ingest_fragments import ingest_fragments

    ingest_fragments(
        source=snakemake.input.source,
        out=snakemake.output.fragments,
        index=snakemake.output.index,
        census=snakemake.output.census,
        chrom_sizes=snakemake.input.get("chrom_sizes"),
        barcodes=snakemake.params.barcodes,
        chromosome_names=snakemake.input.get("names"),
    )
