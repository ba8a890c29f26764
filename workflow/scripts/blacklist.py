"""Adapter of rule blacklist."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.reference import blacklist

    blacklist(
        source=snakemake.input.source,
        chrom_sizes=snakemake.input.chrom_sizes,
        out=snakemake.output.blacklist,
        chromosome_names=snakemake.input.get("names"),
    )
