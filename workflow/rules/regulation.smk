"""
Region sets and what differs between labels: the sets that motif enrichment looks into.

REQUIRED INPUTS: topics/{engine}/topics.h5ad, regions/regions.h5ad, annotation/labels.tsv,
annotation/rna.h5ad, qc/barcodes.tsv, resources/genomes/{assembly}/genes.bed

OUTPUTS: results/{dataset}/topics/{engine}/{region_sets/{topics_otsu,topics_top_3k,dars}/*.bed,
quality.tsv, variable_regions.tsv, imputed.zarr, dars.tsv}, results/{dataset}/annotation/{degs.tsv, gene_activity.h5ad}
"""


rule topic_regions:
    input:
        topics="results/{dataset}/topics/{engine}/topics.h5ad",
        regions="results/{dataset}/regions/regions.h5ad",
        barcodes="results/{dataset}/qc/barcodes.tsv",
    output:
        otsu=directory("results/{dataset}/topics/{engine}/region_sets/topics_otsu"),
        top=directory("results/{dataset}/topics/{engine}/region_sets/topics_top_3k"),
        quality="results/{dataset}/topics/{engine}/quality.tsv",
        variable="results/{dataset}/topics/{engine}/variable_regions.tsv",
        imputed=directory("results/{dataset}/topics/{engine}/imputed.zarr"),
    log:
        "logs/topic_regions/{dataset}.{engine}.log",
    benchmark:
        "results/{dataset}/benchmarks/topic_regions/{engine}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        n_imputed=config["topics"]["n_imputed"],
        code=source_digest("multiome2vec.steps.topic_regions"),
    script:
        "../scripts/topic_regions.py"


rule dars:
    input:
        topics="results/{dataset}/topics/{engine}/topics.h5ad",
        regions="results/{dataset}/regions/regions.h5ad",
        barcodes="results/{dataset}/qc/barcodes.tsv",
        labels="results/{dataset}/annotation/labels.tsv",
    output:
        table="results/{dataset}/topics/{engine}/dars.tsv",
        folder=directory("results/{dataset}/topics/{engine}/region_sets/dars"),
    log:
        "logs/dars/{dataset}.{engine}.log",
    benchmark:
        "results/{dataset}/benchmarks/dars/{engine}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        max_padj=config["differential"]["max_padj"],
        min_log2fc=config["differential"]["min_log2fc"],
        code=source_digest("multiome2vec.steps.dars"),
    script:
        "../scripts/dars.py"


rule degs:
    input:
        rna="results/{dataset}/annotation/rna.h5ad",
        barcodes="results/{dataset}/qc/barcodes.tsv",
        labels="results/{dataset}/annotation/labels.tsv",
    output:
        table="results/{dataset}/annotation/degs.tsv",
    log:
        "logs/degs/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/degs/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        max_padj=config["differential"]["max_padj"],
        min_log2fc=config["differential"]["min_log2fc"],
        code=source_digest("multiome2vec.steps.degs"),
    script:
        "../scripts/degs.py"


rule gene_activity:
    input:
        regions="results/{dataset}/regions/regions.h5ad",
        barcodes="results/{dataset}/qc/barcodes.tsv",
        genes=f"{GENOME}/genes.bed",
    output:
        activity="results/{dataset}/annotation/gene_activity.h5ad",
    log:
        "logs/gene_activity/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/gene_activity/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        window=config["gene_activity"]["window"],
        decay=config["gene_activity"]["decay"],
        code=source_digest("multiome2vec.steps.gene_activity"),
    script:
        "../scripts/gene_activity.py"
