"""Adapter of rule region_set_auc."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.region_set_auc import region_set_auc

    region_set_auc(
        cistromes=snakemake.input.cistromes,
        topics=snakemake.input.get("topics"),
        regions=snakemake.input.get("regions"),
        barcodes=snakemake.input.get("barcodes"),
        out=snakemake.output.auc,
        ranking=snakemake.params.ranking,
        threshold=snakemake.params.threshold,
    )
