"""Adapter of rule motif_enrichment."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.motif_enrichment import motif_enrichment

    motif_enrichment(
        scores=snakemake.input.scores or None,
        matches=snakemake.input.matches,
        annotation=snakemake.input.annotation,
        folders={name: snakemake.input[name] for name in snakemake.params.kinds},
        promoters=snakemake.input.promoters or None,
        out=dict(snakemake.output.items()),
        thresholds=snakemake.params.thresholds,
        seed=snakemake.params.seed,
        background=snakemake.params.background,
        given={
            name.removeprefix("given_"): snakemake.input[name] for name in snakemake.params.given
        },
    )
