"""Adapter of rule motif_scores."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.motif_scores import motif_scores

    motif_scores(
        regions=snakemake.input.regions,
        genome=snakemake.input.genome,
        motifs=snakemake.input.motifs,
        out=snakemake.output.scores,
        pvalue=snakemake.params.pvalue,
        threads=snakemake.threads,
        shuffle_seed=snakemake.params.shuffle_seed,
    )
