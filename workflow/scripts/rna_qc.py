"""Adapter of rule rna_qc."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.rna_qc import rna_qc

    rna_qc(
        rna=snakemake.input.rna,
        barcodes=snakemake.input.barcodes,
        table=snakemake.output.table,
        limits=snakemake.output.limits,
        mt_prefix=snakemake.params.mt_prefix,
        genes=snakemake.input.get("genes"),
        chromosomes=snakemake.input.get("chromosomes"),
        thresholds=snakemake.params.thresholds,
    )
