"""Adapter of rule annotate_rna."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.annotate_rna import annotate_rna

    annotate_rna(
        rna=dict(zip(snakemake.params.samples, snakemake.input.rna, strict=True)),
        barcodes=snakemake.input.barcodes,
        out=snakemake.output.cells,
        genes=snakemake.params.genes,
        graph=snakemake.params.graph,
        n_pcs=snakemake.params.n_pcs,
        harmony=snakemake.params.harmony,
        seed=snakemake.params.seed,
        cell_cycle=snakemake.input.cell_cycle or None,
    )
