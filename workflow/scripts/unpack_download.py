"""Adapter of rule unpack_download."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.download import unpack_download

    unpack_download(
        path=snakemake.wildcards.path,
        folder=snakemake.output.file.removesuffix(f"/{snakemake.wildcards.path}"),
        **snakemake.params.tables,
    )
