"""Adapter of rule final_qc."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.final_qc import final_qc

    final_qc(
        barcodes=snakemake.input.barcodes,
        regions=snakemake.input.get("regions"),
        rna=dict(zip(snakemake.params.samples, snakemake.input.get("rna", []), strict=True)),
        annotation=snakemake.input.get("annotation"),
        table=snakemake.output.table,
        counts=snakemake.output.counts,
        samples=snakemake.output.samples,
        min_frip=snakemake.params.min_frip,
        least_cells=snakemake.params.least_cells,
        failed_samples=snakemake.params.failed_samples,
    )
