"""Adapter of rule merge_regions."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.merge_regions import merge_regions

    merge_regions(
        barcodes=snakemake.input.barcodes,
        matrices=dict(zip(snakemake.params.samples, snakemake.input.matrices, strict=True)),
        bed=snakemake.input.bed,
        out=snakemake.output.regions,
        min_cells=snakemake.params.min_cells,
        max_cells=snakemake.params.max_cells,
        assembly=snakemake.params.assembly,
    )
