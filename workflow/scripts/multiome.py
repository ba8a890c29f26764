"""Adapter of rule multiome."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.multiome import multiome

    multiome(
        barcodes=snakemake.input.barcodes,
        labels=snakemake.input.labels,
        rna=snakemake.input.get("rna"),
        regions=snakemake.input.get("regions"),
        topics=snakemake.input.get("topics"),
        motif=snakemake.input.get("motif"),
        truth=snakemake.input.get("truth"),
        out=snakemake.output.multiome,
    )
