"""Adapter of rule plot_history."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.plot_history import plot_history

    plot_history(
        history=snakemake.input.history,
        figure=snakemake.output.figure,
    )
