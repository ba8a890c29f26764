"""Adapter of rule pre_qc."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.pre_qc import pre_qc

    pre_qc(
        barcodes=snakemake.input.barcodes,
        tables={kind: list(snakemake.input[kind]) for kind in ("rna", "doublets", "atac")},
        out=snakemake.output.table,
        include=snakemake.input.include or None,
        exclude=snakemake.input.exclude or None,
        max_cells=snakemake.params.max_cells,
        seed=snakemake.params.seed,
        least_cells=snakemake.params.least_cells,
        failed_samples=snakemake.params.failed_samples,
    )
