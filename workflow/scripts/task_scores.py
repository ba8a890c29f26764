"""Adapter of rule task_scores."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.task_scores import task_scores

    task_scores(
        scores=list(snakemake.input.scores),
        runs=snakemake.params.runs,
        out=snakemake.output.table,
    )
