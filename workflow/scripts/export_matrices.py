"""Adapter of rule export_matrices."""

from pathlib import Path

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.export_matrices import export_matrices

    export_matrices(
        multiome=snakemake.input.multiome,
        kind=snakemake.wildcards.kind,
        folder=str(Path(snakemake.output.matrix).parent),
        means=snakemake.output.means,
    )
