"""Adapter of rule simulate."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.simulate import simulate

    simulate(
        out=dict(snakemake.output.items()),
        seed=snakemake.params.seed,
        barcodes=snakemake.params.barcodes,
        chromosome_length=snakemake.params.chromosome_length,
        genes=snakemake.params.genes,
    )
