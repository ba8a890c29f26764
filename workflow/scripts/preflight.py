"""Adapter of rule preflight, whose findings are shown on the terminal too."""

import os

from multiome2vec.logs import job

terminal = os.dup(2)
with job(snakemake.log.text, threads=snakemake.threads):
    from multiome2vec.steps.preflight import preflight

    found = preflight(
        samples=snakemake.params.samples,
        assembly=snakemake.params.assembly,
        out=snakemake.log.table,
        settings=snakemake.params.settings | {"tmpdir": snakemake.resources.tmpdir},
        machine=snakemake.params.machine,
        sources=snakemake.params.sources,
    )
os.write(terminal, f"\n{found}".encode())
