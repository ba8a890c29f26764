"""Adapter of rule baseline."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.baseline import baseline

    baseline(
        mdata=snakemake.input.mdata,
        out=snakemake.output.embedding,
        model=snakemake.wildcards.model,
        seed=int(snakemake.wildcards.seed),
    )
