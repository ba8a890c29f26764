"""Adapter of rule match."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.match import match

    match(
        mdata=snakemake.input.mdata,
        weights=snakemake.input.weights,
        card=snakemake.input.card,
        splits=snakemake.input.splits,
        out=snakemake.output.scores,
        device=snakemake.resources.device,
    )
