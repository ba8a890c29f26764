"""
Which features the latent dimensions of trained models read (task saliency of run.tasks).

REQUIRED INPUTS: matrices/multiome.h5mu, models/{model}/seed-{seed}/{weights.safetensors, card.json,
splits.tsv}

OUTPUTS: results/{dataset}/tasks/{model}/seed-{seed}/{saliency.tsv.gz, saliency_{effects,labels}.tsv.gz,
saliency{,_labels}.bed}
"""


rule saliency:
    input:
        mdata="results/{dataset}/matrices/multiome.h5mu",
        weights="results/{dataset}/models/{model}/seed-{seed}/weights.safetensors",
        card="results/{dataset}/models/{model}/seed-{seed}/card.json",
        splits="results/{dataset}/models/{model}/seed-{seed}/splits.tsv",
    output:
        shares="results/{dataset}/tasks/{model}/seed-{seed}/saliency.tsv.gz",
        effects="results/{dataset}/tasks/{model}/seed-{seed}/saliency_effects.tsv.gz",
        labels="results/{dataset}/tasks/{model}/seed-{seed}/saliency_labels.tsv.gz",
    log:
        "logs/saliency/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/saliency/{model}.{seed}.tsv"
    conda:
        TORCH_ENV
    threads: 1
    resources:
        gpu=job_gpus(),
        mem_mb=job_memory,
        runtime=job_minutes,
        device=config["training"]["device"],
    params:
        n_cells=config["tasks"]["saliency_cells"],
        code=source_digest("multiome2vec.steps.saliency"),
    script:
        "../scripts/saliency.py"


rule saliency_regions:
    input:
        shares="results/{dataset}/tasks/{model}/seed-{seed}/saliency.tsv.gz",
        effects="results/{dataset}/tasks/{model}/seed-{seed}/saliency_effects.tsv.gz",
        labels="results/{dataset}/tasks/{model}/seed-{seed}/saliency_labels.tsv.gz",
    output:
        by_dimension="results/{dataset}/tasks/{model}/seed-{seed}/saliency.bed",
        by_label="results/{dataset}/tasks/{model}/seed-{seed}/saliency_labels.bed",
    log:
        "logs/saliency_regions/{dataset}.{model}.{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/saliency_regions/{model}.{seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        top=config["tasks"]["salient_share"],
        code=source_digest("multiome2vec.steps.saliency"),
    script:
        "../scripts/saliency_regions.py"
