"""Adapter of rule evaluate_embedding."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.evaluate_embedding import evaluate_embedding

    evaluate_embedding(
        embedding=snakemake.input.embedding,
        out=snakemake.output.scores,
        run={
            "dataset": snakemake.wildcards.dataset,
            "model": snakemake.wildcards.model,
            "seed": int(snakemake.wildcards.seed),
        },
        metrics=snakemake.params.metrics,
        n_neighbors=snakemake.params.n_neighbors,
        seed=snakemake.params.seed,
    )
