"""Adapter of rule atac_qc_ready."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.atac_qc_ready import atac_qc_ready

    atac_qc_ready(
        regions=snakemake.input.regions,
        barcodes=snakemake.input.barcodes,
        out=dict(snakemake.output.items()),
        min_regions=snakemake.params.min_regions,
    )
