"""
What trained models are used for besides embeddings (run.tasks), one job per model and seed.

REQUIRED INPUTS: matrices/multiome.h5mu, models/{model}/seed-{seed}/{weights.safetensors, card.json,
splits.tsv}

OUTPUTS: results/{dataset}/tasks/{model}/seed-{seed}/{imputed_rna.zarr, imputed_atac.zarr, predict.json,
match.json, loadings.tsv, markers.tsv, reconstruction.json, reconstruction_{features,cells}.tsv,
reconstruction.png}, results/{dataset}/evaluation/tasks.tsv

predict, match and reconstruct are scored on the cells that the model has not learnt from. The device is a resource,
not a param: it changes no result, and re-runs nothing.
"""


include: "inputs/tasks.smk"


rule impute:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
    output:
        imputed=directory("results/{dataset}/tasks/{model}/seed-{seed}/imputed_{modality}.zarr"),
    log:
        "logs/impute/{dataset}.{model}.{seed}.{modality}.log",
    benchmark:
        "results/{dataset}/benchmarks/impute/{model}.{seed}.{modality}.tsv"
    conda:
        TORCH_ENV
    threads: 1
    resources:
        gpu=job_gpus(),
        mem_mb=job_memory,
        runtime=job_minutes,
        device=config["training"]["device"],
    params:
        quantile=impute_quantile,
        code=source_digest("multiome2vec.steps.impute"),
    script:
        "../scripts/impute.py"


rule predict:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
        splits="results/{dataset}/models/{model}/seed-{seed}/splits.tsv",
    output:
        scores="results/{dataset}/tasks/{model}/seed-{seed}/predict.json",
    log:
        "logs/predict/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/predict/{model}.{seed}.tsv"
    conda:
        TORCH_ENV
    threads: 1
    resources:
        gpu=job_gpus(),
        mem_mb=job_memory,
        runtime=job_minutes,
        device=config["training"]["device"],
    params:
        code=source_digest("multiome2vec.steps.predict"),
    script:
        "../scripts/predict.py"


rule match:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
        splits="results/{dataset}/models/{model}/seed-{seed}/splits.tsv",
    output:
        scores="results/{dataset}/tasks/{model}/seed-{seed}/match.json",
    log:
        "logs/match/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/match/{model}.{seed}.tsv"
    conda:
        TORCH_ENV
    threads: 1
    resources:
        gpu=job_gpus(),
        mem_mb=job_memory,
        runtime=job_minutes,
        device=config["training"]["device"],
    params:
        code=source_digest("multiome2vec.steps.match"),
    script:
        "../scripts/match.py"


rule loadings:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
        splits="results/{dataset}/models/{model}/seed-{seed}/splits.tsv",
    output:
        loadings="results/{dataset}/tasks/{model}/seed-{seed}/loadings.tsv",
        markers="results/{dataset}/tasks/{model}/seed-{seed}/markers.tsv",
    log:
        "logs/loadings/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/loadings/{model}.{seed}.tsv"
    conda:
        TORCH_ENV
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
        device=config["training"]["device"],
    params:
        code=source_digest("multiome2vec.steps.loadings"),
    script:
        "../scripts/loadings.py"


rule reconstruct:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
        splits="results/{dataset}/models/{model}/seed-{seed}/splits.tsv",
    output:
        scores="results/{dataset}/tasks/{model}/seed-{seed}/reconstruction.json",
        features="results/{dataset}/tasks/{model}/seed-{seed}/reconstruction_features.tsv",
        cells="results/{dataset}/tasks/{model}/seed-{seed}/reconstruction_cells.tsv",
        figure=report(
            "results/{dataset}/tasks/{model}/seed-{seed}/reconstruction.png",
            category="7 Evaluation",
            caption="../report/reconstruction.rst",
            labels={"result": "reconstruction", "model": "{model}", "seed": "{seed}"},
        ),
    log:
        "logs/reconstruct/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/reconstruct/{model}.{seed}.tsv"
    conda:
        TORCH_ENV
    threads: 1
    resources:
        gpu=job_gpus(),
        mem_mb=job_memory,
        runtime=job_minutes,
        device=config["training"]["device"],
    params:
        hidden=config["tasks"]["hidden"],
        code=source_digest("multiome2vec.steps.reconstruct"),
    script:
        "../scripts/reconstruct.py"


rule task_scores:
    input:
        scores=[path for path, _, _ in task_scores()],
    output:
        table="results/{dataset}/evaluation/tasks.tsv",
    log:
        "logs/task_scores/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/task_scores/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        runs=[[model, seed] for _, model, seed in task_scores()],
        code=source_digest("multiome2vec.steps.task_scores"),
    script:
        "../scripts/task_scores.py"
