"""Adapter of rule topic_selection."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.topic_selection import topic_selection

    topic_selection(
        models=list(snakemake.input.models),
        table=snakemake.output.table,
        figure=snakemake.output.figure,
        out=snakemake.output.topics,
        n_topics=snakemake.params.n_topics,
    )
