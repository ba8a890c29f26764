"""Adapter of rule pycistarget_inputs."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.pycistarget_inputs import pycistarget_inputs

    pycistarget_inputs(
        scores=snakemake.input.scores or None,
        matches=snakemake.input.matches,
        folders={name: snakemake.input[name] for name in snakemake.params.kinds},
        promoters=snakemake.input.promoters or None,
        given={name: snakemake.input[f"given_{name}"] for name in snakemake.params.given},
        out=snakemake.output.inputs,
        seed=snakemake.params.seed,
    )
