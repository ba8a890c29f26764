"""Adapter of rule describe_embedding."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.describe_embedding import describe_embedding

    describe_embedding(
        embedding=snakemake.input.embedding,
        clusters=snakemake.output.clusters,
        scores=snakemake.output.scores,
        figure=snakemake.output.figure,
        maps=snakemake.output.maps,
        coordinates=snakemake.output.coordinates,
        n_neighbors=snakemake.params.n_neighbors,
        seed=snakemake.params.seed,
    )
