"""Adapter of rule motif_collection."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.motif_collection import motif_collection

    motif_collection(
        collection=snakemake.params.collection,
        taxon=snakemake.params.taxon,
        factors=snakemake.input.factors or None,
        motifs=snakemake.output.motifs,
        annotation=snakemake.output.annotation,
    )
