"""Adapter of rule plot_embedding."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.plot_embedding import plot_embedding

    plot_embedding(
        embedding=snakemake.input.embedding,
        figure=snakemake.output.figure,
        coordinates=snakemake.output.coordinates,
        n_neighbors=snakemake.params.n_neighbors,
        seed=snakemake.params.seed,
    )
