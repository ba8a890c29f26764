"""Adapter of rule check_inputs."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.preflight import preflight

    preflight(
        samples=snakemake.params.samples,
        assembly=snakemake.params.assembly,
        out=snakemake.output.table,
    )
