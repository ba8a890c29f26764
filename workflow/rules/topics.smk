"""
Topic models of accessibility: one job per number of topics, then a choice.

REQUIRED INPUTS: regions/regions.h5ad, qc/barcodes.tsv, annotation/labels.tsv

OUTPUTS: results/{dataset}/topics/{engine}/{k}/topics.h5ad, selection.tsv, selection.png, topics.h5ad,
by_label.png
"""


include: "inputs/topics.smk"


rule topic_model:
    input:
        regions="results/{dataset}/regions/regions.h5ad",
        barcodes="results/{dataset}/qc/barcodes.tsv",
        labels="results/{dataset}/annotation/labels.tsv",
    output:
        topics="results/{dataset}/topics/{engine}/{k}/topics.h5ad",
    log:
        "logs/topic_model/{dataset}.{engine}.{k}.log",
    benchmark:
        "results/{dataset}/benchmarks/topic_model/{engine}.{k}.tsv"
    wildcard_constraints:
        engine=engines_of_the_locked_environment(),
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        settings=topic_settings(),
        code=topic_engine_code,
    script:
        "../scripts/topic_model.py"


use rule topic_model as topic_model_pycistopic with:
    log:
        "logs/topic_model_pycistopic/{dataset}.{engine}.{k}.log",
    benchmark:
        "results/{dataset}/benchmarks/topic_model_pycistopic/{engine}.{k}.tsv"
    wildcard_constraints:
        engine="pycistopic",
    conda:
        config["topics"]["pycistopic_env"] or "../../envs/pycistopic.yaml"


rule topic_selection:
    input:
        models=topic_grid,
    output:
        table="results/{dataset}/topics/{engine}/selection.tsv",
        figure=report(
            "results/{dataset}/topics/{engine}/selection.png",
            category="4 Topics",
            caption="../report/topic_selection.rst",
            labels={"result": "number of topics", "engine": "{engine}"},
        ),
        topics="results/{dataset}/topics/{engine}/topics.h5ad",
    log:
        "logs/topic_selection/{dataset}.{engine}.log",
    benchmark:
        "results/{dataset}/benchmarks/topic_selection/{engine}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        n_topics=config["topics"]["n_topics"],
        code=source_digest("multiome2vec.steps.topic_selection"),
    script:
        "../scripts/topic_selection.py"


rule topic_plot:
    input:
        topics="results/{dataset}/topics/{engine}/topics.h5ad",
        labels="results/{dataset}/annotation/labels.tsv",
    output:
        figure=report(
            "results/{dataset}/topics/{engine}/by_label.png",
            category="4 Topics",
            caption="../report/topic_labels.rst",
            labels={"result": "topics by label", "engine": "{engine}"},
        ),
    log:
        "logs/topic_plot/{dataset}.{engine}.log",
    benchmark:
        "results/{dataset}/benchmarks/topic_plot/{engine}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.topic_plot"),
    script:
        "../scripts/topic_plot.py"
