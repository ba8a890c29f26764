"""Adapter of rule check_inputs."""

from multiome2vec.logs import job

with job(snakemake.log.text, threads=snakemake.threads):
    from multiome2vec.steps.preflight import preflight

    preflight(
        samples=snakemake.params.samples,
        assembly=snakemake.params.assembly,
        out=snakemake.log.table,
        passed=snakemake.output.table,
        settings=snakemake.params.settings | {"tmpdir": snakemake.resources.tmpdir},
    )
