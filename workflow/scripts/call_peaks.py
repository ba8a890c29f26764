"""Adapter of rule call_peaks."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.call_peaks import call_peaks

    call_peaks(
        labels=snakemake.input.labels,
        barcodes=snakemake.input.barcodes,
        fragments=dict(zip(snakemake.params.samples, snakemake.input.fragments, strict=True)),
        chromosomes=snakemake.input.chromosomes,
        table=snakemake.output.table,
        folder=snakemake.output.folder,
        caller=snakemake.wildcards.caller,
        settings=snakemake.params.settings,
        minima=snakemake.params.minima,
        threads=snakemake.threads,
    )
