"""Adapter of rule embed_cells."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.embed_cells import embed_cells

    embed_cells(
        mdata=snakemake.input.mdata,
        weights=snakemake.input.weights,
        card=snakemake.input.card,
        out=snakemake.output.embedding,
        model=snakemake.wildcards.model,
        device=snakemake.resources.device,
    )
