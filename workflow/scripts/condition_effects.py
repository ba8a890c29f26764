"""Adapter of rule condition_effects."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.condition_effects import condition_effects_step

    condition_effects_step(
        multiome=snakemake.input.multiome,
        kind=snakemake.wildcards.kind,
        table=snakemake.output.table,
        summary=snakemake.output.summary,
        figure=snakemake.output.figure,
        settings=snakemake.params.settings,
        threads=snakemake.threads,
    )
