"""Adapter of rule saliency_regions."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.saliency import saliency_regions

    saliency_regions(
        shares=snakemake.input.shares,
        effects=snakemake.input.effects,
        labels=snakemake.input.labels,
        by_dimension=snakemake.output.by_dimension,
        by_label=snakemake.output.by_label,
        top=snakemake.params.top,
    )
