"""Adapter of rule qc_plot_atac."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.qc_plots import plot_atac

    plot_atac(
        barcodes=snakemake.input.barcodes,
        limits=dict(zip(snakemake.params.samples, snakemake.input.limits, strict=True)),
        profiles=dict(zip(snakemake.params.samples, snakemake.input.profiles, strict=True)),
        out=snakemake.output.figure,
    )
