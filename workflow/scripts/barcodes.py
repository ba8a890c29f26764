"""Adapter of rule barcodes."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.barcodes import barcodes

    barcodes(
        rna=snakemake.input.get("rna"),
        census=snakemake.input.get("census"),
        regions=snakemake.input.get("regions"),
        out=snakemake.output.barcodes,
        sample=snakemake.wildcards.sample,
        metadata=snakemake.params.metadata,
        barcode_transform=snakemake.params.barcode_transform,
        min_overlap=snakemake.params.min_overlap,
        min_fragments=snakemake.params.min_fragments,
        translation=snakemake.input.get("translation"),
    )
