"""Adapter of rule leaderboard."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.leaderboard import leaderboard

    leaderboard(
        scores=list(snakemake.input.scores),
        table=snakemake.output.table,
        figure=snakemake.output.figure,
    )
