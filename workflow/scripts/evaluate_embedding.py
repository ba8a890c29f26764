"""Adapter of rule evaluate_embedding."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.evaluate_embedding import evaluate_embedding

    evaluate_embedding(
        embedding=snakemake.input.embedding,
        out=snakemake.output.scores,
        metrics=snakemake.params.metrics,
        n_neighbors=snakemake.params.n_neighbors,
        seed=snakemake.params.seed,
    )
