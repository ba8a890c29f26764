"""Adapter of rule deviations."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.deviations import deviations

    deviations(
        regions=snakemake.input.regions,
        barcodes=snakemake.input.barcodes,
        scores=snakemake.input.scores,
        out=snakemake.output.deviations,
        background_sets=snakemake.params.background_sets,
        bin_size=snakemake.params.bin_size,
        w=snakemake.params.w,
        seed=snakemake.params.seed,
    )
