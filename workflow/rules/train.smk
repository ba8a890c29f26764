"""
Training of the models, one job per model and seed, and the embedding of all cells.

REQUIRED INPUTS: matrices/multiome.h5mu

OUTPUTS: results/{dataset}/models/{model}/seed-{seed}/{weights.safetensors, card.json, history.tsv},
results/{dataset}/embeddings/{model}/seed-{seed}.h5ad

Both rules ask for a GPU and run on the CPU where there is none. Training on the CPU gives the same
bits for the same number of threads, which is therefore one; on large data without a GPU raise it
with --set-threads train=8.
"""


include: "inputs/train.smk"


rule train:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
    output:
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
        history="results/{dataset}/models/{model}/seed-{seed}/history.tsv",
    log:
        "logs/train/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/train/{model}.{seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=16000,
        runtime=720,
    params:
        preset=model_preset,
        hyper=model_hyper,
        code=train_code,
    script:
        "../scripts/train.py"


rule embed_cells:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
    output:
        embedding="results/{dataset}/embeddings/{model}/seed-{seed}.h5ad",
    log:
        "logs/embed_cells/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/embed_cells/{model}.{seed}.tsv"
    wildcard_constraints:
        model="|".join(re.escape(name) for name in config["models"]),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=16000,
        runtime=120,
    params:
        code=source_digest("multiome2vec.steps.embed_cells"),
    script:
        "../scripts/embed_cells.py"
