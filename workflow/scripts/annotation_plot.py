"""Adapter of rule annotation_plot."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.annotation_plot import annotation_plot

    annotation_plot(
        annotation=snakemake.input.annotation,
        labels=snakemake.input.labels,
        out=snakemake.output.figure,
    )
