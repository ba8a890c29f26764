"""Adapter of rule saliency."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.saliency import saliency

    saliency(
        mdata=snakemake.input.mdata,
        weights=snakemake.input.weights,
        card=snakemake.input.card,
        splits=snakemake.input.splits,
        out=snakemake.output.shares,
        effects=snakemake.output.effects,
        labels=snakemake.output.labels,
        n_cells=snakemake.params.n_cells,
        device=snakemake.resources.device,
    )
