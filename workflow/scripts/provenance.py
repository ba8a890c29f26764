"""Adapter of rule provenance."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.provenance import provenance

    provenance(
        sheet=snakemake.input.sheet,
        config=snakemake.params.config,
        out_config=snakemake.output.config,
        out_sheet=snakemake.output.sheet,
        software=snakemake.output.software,
        left_out=snakemake.params.left_out,
        out_left_out=snakemake.output.left_out,
    )
