"""Adapter of rule topic_plot."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.topic_plot import topic_plot

    topic_plot(
        topics=snakemake.input.topics,
        labels=snakemake.input.labels,
        out=snakemake.output.figure,
    )
