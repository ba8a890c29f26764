"""
Training of the models, one job per model and seed, and the embedding of all cells.

REQUIRED INPUTS: matrices/multiome.h5mu

OUTPUTS: results/{dataset}/models/{model}/seed-{seed}/{weights.safetensors, card.json, history.tsv,
splits.tsv}, results/{dataset}/embeddings/{model}/seed-{seed}.h5ad

Both rules ask for a GPU and run on the CPU where there is none. Training on the CPU gives the same
bits for the same number of threads, which is therefore one; on large data without a GPU raise it
with --set-threads train=8.

An interrupted training resumes from the state in the folder `checkpoint`, which is no output because
Snakemake deletes the outputs of a job that did not end. What says how a training is carried out
(device, backend, checkpoint_minutes) is given as resources: unlike params, they re-run nothing when
they change. Two of them can change a result all the same: a GPU and a CPU differ in the last digits,
and cells in the file (backend) are shuffled by blocks, those in memory or on the GPU all at once. The
card says which (`order`); backend: memory or backed fixes it, auto goes by the size of the counts.
"""


include: "inputs/train.smk"


rule train:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
    output:
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
        history="results/{dataset}/models/{model}/seed-{seed}/history.tsv",
        splits="results/{dataset}/models/{model}/seed-{seed}/splits.tsv",
    log:
        text="logs/train/{dataset}.{model}.{seed}.log",
        # one line per epoch while it trains
        metrics="logs/train/{dataset}.{model}.{seed}.jsonl",
    benchmark:
        "results/{dataset}/benchmarks/train/{model}.{seed}.tsv"
    conda:
        TORCH_ENV
    threads: 1
    resources:
        gpu=job_gpus(),
        mem_mb=job_memory,
        runtime=job_minutes,
        device=config["training"]["device"],
        backend=config["training"]["backend"],
        checkpoint_minutes=config["training"]["checkpoint_minutes"],
    params:
        preset=model_preset,
        hyper=model_hyper,
        batch_key=config["training"]["batch_key"],
        split_by=config["training"]["split_by"],
        precision=config["training"]["precision"],
        compile=config["training"]["compile"],
        checkpoint="results/{dataset}/models/{model}/seed-{seed}/checkpoint",
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
        model="|".join(re.escape(name) for name in {**config["models"], **MODELS}),
    conda:
        TORCH_ENV
    threads: 1
    resources:
        gpu=job_gpus(),
        mem_mb=job_memory,
        runtime=job_minutes,
        device=config["training"]["device"],
    params:
        code=source_digest("multiome2vec.steps.embed_cells"),
    script:
        "../scripts/embed_cells.py"
