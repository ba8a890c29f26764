"""Adapter of rule pycistarget_tables."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.pycistarget_tables import pycistarget_tables

    pycistarget_tables(
        found=snakemake.input.found,
        matches=snakemake.input.matches,
        annotation=snakemake.input.annotation,
        given={
            name.removeprefix("given_"): snakemake.input[name] for name in snakemake.params.given
        },
        out=dict(snakemake.output.items()),
    )
