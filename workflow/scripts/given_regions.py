"""Adapter of rule given_regions."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.given_regions import given_regions

    given_regions(
        bed=snakemake.input.get("bed"),
        matrices=snakemake.input.get("matrices", []),
        chromosomes=snakemake.input.get("chromosomes"),
        blacklist=snakemake.input.get("blacklist"),
        chromosome_names=snakemake.input.get("names"),
        out=snakemake.output.bed,
        kinds=snakemake.params.kinds,
    )
