"""
Baselines, scores of every embedding, and their comparison.

REQUIRED INPUTS: matrices/multiome.h5mu, embeddings/{model}/seed-{seed}.h5ad,
models/{model}/seed-{seed}/history.tsv

OUTPUTS: results/{dataset}/embeddings/{baseline}/seed-{seed}.h5ad,
results/{dataset}/evaluation/{model}/seed-{seed}.{json,umap.png,umap.tsv,loss.png},
results/{dataset}/evaluation/{model}/seed-{seed}.{clusters.tsv,shape.json,shape.png,maps.png,maps.tsv},
results/{dataset}/evaluation/{leaderboard.tsv, leaderboard.png}
"""


include: "inputs/evaluate.smk"


rule baseline:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
    output:
        embedding="results/{dataset}/embeddings/{model}/seed-{seed}.h5ad",
    log:
        "logs/baseline/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/baseline/{model}.{seed}.tsv"
    wildcard_constraints:
        model="|".join(BASELINE_METHODS.names()),
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=baseline_code,
    script:
        "../scripts/baseline.py"


rule evaluate_embedding:
    input:
        embedding="results/{dataset}/embeddings/{model}/seed-{seed}.h5ad",
    output:
        scores="results/{dataset}/evaluation/{model}/seed-{seed}.json",
    log:
        "logs/evaluate_embedding/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/evaluate_embedding/{model}.{seed}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        metrics=config["evaluation"]["metrics"],
        n_neighbors=config["evaluation"]["n_neighbors"],
        seed=config["evaluation"]["seed"],
        code=source_digest("multiome2vec.steps.evaluate_embedding", *metric_modules()),
    script:
        "../scripts/evaluate_embedding.py"


rule leaderboard:
    input:
        scores=all_scores,
    output:
        table="results/{dataset}/evaluation/leaderboard.tsv",
        figure=report(
            "results/{dataset}/evaluation/leaderboard.png",
            category="7 Evaluation",
            caption="../report/leaderboard.rst",
            labels={"result": "scores of all models"},
        ),
    log:
        "logs/leaderboard/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/leaderboard/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.leaderboard"),
    script:
        "../scripts/leaderboard.py"


rule plot_embedding:
    input:
        embedding="results/{dataset}/embeddings/{model}/seed-{seed}.h5ad",
    output:
        figure=report(
            "results/{dataset}/evaluation/{model}/seed-{seed}.umap.png",
            category="6 Embeddings",
            caption="../report/embedding.rst",
            labels={"result": "map of the cells", "model": "{model}", "seed": "{seed}"},
        ),
        coordinates="results/{dataset}/evaluation/{model}/seed-{seed}.umap.tsv",
    log:
        "logs/plot_embedding/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_embedding/{model}.{seed}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        n_neighbors=config["evaluation"]["n_neighbors"],
        seed=config["evaluation"]["seed"],
        code=source_digest("multiome2vec.steps.plot_embedding"),
    script:
        "../scripts/plot_embedding.py"


rule describe_embedding:
    input:
        embedding="results/{dataset}/embeddings/{model}/seed-{seed}.h5ad",
    output:
        clusters="results/{dataset}/evaluation/{model}/seed-{seed}.clusters.tsv",
        scores="results/{dataset}/evaluation/{model}/seed-{seed}.shape.json",
        figure=report(
            "results/{dataset}/evaluation/{model}/seed-{seed}.shape.png",
            category="6 Embeddings",
            caption="../report/shape.rst",
            labels={"result": "clusters and distances", "model": "{model}", "seed": "{seed}"},
        ),
        maps=report(
            "results/{dataset}/evaluation/{model}/seed-{seed}.maps.png",
            category="6 Embeddings",
            caption="../report/maps.rst",
            labels={"result": "PCA, UMAP, t-SNE", "model": "{model}", "seed": "{seed}"},
        ),
        coordinates="results/{dataset}/evaluation/{model}/seed-{seed}.maps.tsv",
    log:
        "logs/describe_embedding/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/describe_embedding/{model}.{seed}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        n_neighbors=config["evaluation"]["n_neighbors"],
        seed=config["evaluation"]["seed"],
        code=source_digest("multiome2vec.steps.describe_embedding"),
    script:
        "../scripts/describe_embedding.py"


rule plot_history:
    input:
        history="results/{dataset}/models/{model}/seed-{seed}/history.tsv",
    output:
        figure=report(
            "results/{dataset}/evaluation/{model}/seed-{seed}.loss.png",
            category="6 Embeddings",
            caption="../report/loss.rst",
            labels={"result": "training", "model": "{model}", "seed": "{seed}"},
        ),
    log:
        "logs/plot_history/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/plot_history/{model}.{seed}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.plot_history"),
    script:
        "../scripts/plot_history.py"
