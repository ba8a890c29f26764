"""Adapter of rule motif_scan."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.motif_scan import motif_scan

    motif_scan(
        regions=snakemake.input.regions,
        genome=snakemake.input.genome,
        motifs=snakemake.input.motifs,
        annotation=snakemake.input.annotation,
        out=snakemake.output.scores,
        pvalue=snakemake.params.pvalue,
    )
