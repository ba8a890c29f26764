"""Adapter of rule report_page."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.report_page import report_page

    report_page(source=snakemake.input.source, out=snakemake.output.html)
