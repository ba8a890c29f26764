"""Adapter of rule enrichment_page."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.enrichment_page import enrichment_page

    enrichment_page(
        enrichment=snakemake.input.enrichment,
        dem=snakemake.input.dem,
        motifs=snakemake.input.motifs,
        folders={name: snakemake.input[name] for name in snakemake.params.kinds},
        template=snakemake.input.template,
        of_database=snakemake.params.of_database,
        thresholds=snakemake.params.thresholds,
        out=snakemake.output.html,
    )
