"""Adapter of rule train."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.train import train

    train(
        mdata=snakemake.input.mdata,
        weights=snakemake.output.weights,
        card=snakemake.output.card,
        history=snakemake.output.history,
        preset=snakemake.params.preset,
        hyper=snakemake.params.hyper,
        seed=int(snakemake.wildcards.seed),
    )
