"""Adapter of rule impute."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.impute import impute

    impute(
        mdata=snakemake.input.mdata,
        weights=snakemake.input.weights,
        card=snakemake.input.card,
        out=snakemake.output.imputed,
        modality=snakemake.wildcards.modality,
        quantile=snakemake.params.quantile,
        device=snakemake.resources.device,
    )
