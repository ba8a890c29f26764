"""Adapter of rule atac_qc."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.atac_qc import atac_qc

    atac_qc(
        fragments=snakemake.input.fragments,
        barcodes=snakemake.input.barcodes,
        reference={
            "chromosomes": snakemake.input.chromosomes,
            "tss": snakemake.input.tss or None,
            "blacklist": snakemake.input.blacklist or None,
        },
        out=dict(snakemake.output.items()),
        thresholds=snakemake.params.thresholds,
        doublets=snakemake.params.doublets,
        seed=snakemake.params.seed,
    )
