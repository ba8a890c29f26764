"""Adapter of rule download."""

import os

from multiome2vec.logs import job

# the terminal, if there is one, before standard error goes to the log
with (
    os.fdopen(os.dup(2), "w") as terminal,
    job(snakemake.log[0], threads=snakemake.threads),
):
    from multiome2vec.steps.download import download

    download(
        path=snakemake.wildcards.path,
        folder=snakemake.output.file.removesuffix(f"/{snakemake.wildcards.path}"),
        **snakemake.params.tables,
        mirror=snakemake.params.mirror,
        retries=snakemake.params.retries,
        timeout=snakemake.params.timeout,
        terminal=terminal,
    )
