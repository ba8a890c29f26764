"""Adapter of rule reconstruct."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.reconstruct import reconstruct

    reconstruct(
        mdata=snakemake.input.mdata,
        weights=snakemake.input.weights,
        card=snakemake.input.card,
        splits=snakemake.input.splits,
        out=snakemake.output.scores,
        features=snakemake.output.features,
        cells=snakemake.output.cells,
        figure=snakemake.output.figure,
        hidden=snakemake.params.hidden,
        device=snakemake.resources.device,
    )
