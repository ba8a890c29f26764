"""Adapter of rule execute_notebook."""

from multiome2vec.logs import job

with job(snakemake.log.text, threads=snakemake.threads):
    from multiome2vec.steps.notebook import execute_notebook

    execute_notebook(
        notebook=snakemake.input.notebook,
        kept=snakemake.log.notebook,
        out=snakemake.output.notebook,
        parameters={
            "embedding": snakemake.input.embedding,
            "umap": snakemake.input.umap,
            "matrices": snakemake.input.mdata,
            "leaderboard": snakemake.input.leaderboard,
        },
    )
