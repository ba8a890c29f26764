"""Adapter of rule train."""

from multiome2vec.logs import job

with job(snakemake.log.text, threads=snakemake.threads):
    from multiome2vec.steps.train import train

    train(
        mdata=snakemake.input.mdata,
        weights=snakemake.output.weights,
        card=snakemake.output.card,
        history=snakemake.output.history,
        splits=snakemake.output.splits,
        preset=snakemake.params.preset,
        hyper=snakemake.params.hyper,
        seed=int(snakemake.wildcards.seed),
        batch_key=snakemake.params.batch_key,
        split_by=snakemake.params.split_by,
        backend=snakemake.resources.backend,
        run={
            "device": snakemake.resources.device,
            "precision": snakemake.params.precision,
            "compile": snakemake.params.compile,
            "checkpoint_dir": snakemake.params.checkpoint,
            "checkpoint_minutes": snakemake.resources.checkpoint_minutes,
            "metrics": snakemake.log.metrics,
        },
    )
