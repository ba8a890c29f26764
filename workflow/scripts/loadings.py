"""Adapter of rule loadings."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.loadings import loadings

    loadings(
        mdata=snakemake.input.mdata,
        weights=snakemake.input.weights,
        card=snakemake.input.card,
        splits=snakemake.input.splits,
        out=snakemake.output.loadings,
        markers=snakemake.output.markers,
        device=snakemake.resources.device,
    )
