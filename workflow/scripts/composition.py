"""Adapter of rule composition."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.composition import composition_step

    composition_step(
        multiome=snakemake.input.multiome,
        table=snakemake.output.table,
        tests=snakemake.output.tests,
        figure=snakemake.output.figure,
        reference=snakemake.params.reference,
        covariates=snakemake.params.covariates,
        min_replicates=snakemake.params.min_replicates,
    )
