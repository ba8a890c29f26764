"""Adapter of rule run_pycistarget."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.run_pycistarget import run_pycistarget

    run_pycistarget(
        inputs=snakemake.input.inputs,
        given={
            name.removeprefix("given_"): snakemake.input[name] for name in snakemake.params.given
        },
        thresholds=snakemake.params.thresholds,
        out=snakemake.output.found,
    )
