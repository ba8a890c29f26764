"""Adapter of rule notebook_html."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.notebook import notebook_html

    notebook_html(notebook=snakemake.input.notebook, out=snakemake.output.html)
