"""Adapter of rule qc_plot_joint."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.qc_plots import plot_joint

    plot_joint(barcodes=snakemake.input.barcodes, out=snakemake.output.figure)
