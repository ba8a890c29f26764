"""Adapter of rule count_regions."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.count_regions import count_regions

    count_regions(
        barcodes=snakemake.input.barcodes,
        fragments=dict(zip(snakemake.params.samples, snakemake.input.fragments, strict=True)),
        bed=snakemake.input.bed,
        chromosomes=snakemake.input.chromosomes,
        out=snakemake.output.regions,
        counting=snakemake.params.counting,
        min_cells=snakemake.params.min_cells,
        max_cells=snakemake.params.max_cells,
        assembly=snakemake.params.assembly,
    )
