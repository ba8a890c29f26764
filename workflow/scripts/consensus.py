"""Adapter of rule consensus."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.consensus import consensus

    consensus(
        groups=snakemake.input.groups,
        folder=snakemake.input.folder,
        chromosomes=snakemake.input.chromosomes,
        blacklist=snakemake.input.get("blacklist"),
        bed=snakemake.output.bed,
        half_width=snakemake.params.half_width,
        min_score=snakemake.params.min_score,
    )
