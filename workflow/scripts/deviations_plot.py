"""Adapter of rule deviations_plot."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.deviations_plot import deviations_plot

    deviations_plot(
        deviations=snakemake.input.deviations,
        labels=snakemake.input.labels,
        out=snakemake.output.figure,
    )
