"""
Peaks of every label in every sample, and one set of consensus regions.

REQUIRED INPUTS: qc/barcodes.pre.tsv, annotation/labels.tsv, fragments of the samples; or a BED file of
regions (peaks.source: bed), or ready region matrices (peaks.source: input)

OUTPUTS: results/{dataset}/peaks/{caller}/{groups.tsv, groups/, consensus.bed}, where caller is a peak
caller, `bed` or `input`
"""


include: "inputs/peaks.smk"


rule call_peaks:
    input:
        labels="results/{dataset}/annotation/labels.tsv",
        barcodes="results/{dataset}/qc/barcodes.pre.tsv",
        fragments=expand(
            "results/{{dataset}}/samples/{sample}/fragments.tsv.gz", sample=fragment_samples()
        ),
        chromosomes=f"{GENOME}/chromosomes.tsv",
    output:
        table="results/{dataset}/peaks/{caller}/groups.tsv",
        folder=directory("results/{dataset}/peaks/{caller}/groups"),
    log:
        "logs/call_peaks/{dataset}.{caller}.log",
    benchmark:
        "results/{dataset}/benchmarks/call_peaks/{caller}.tsv"
    wildcard_constraints:
        caller=CALLED_IN_CORE,
    conda:
        "../../envs/core.yaml"
    threads: 8
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        samples=fragment_samples(),
        settings=caller_settings,
        minima={
            "cells": config["peaks"]["min_cells"],
            "fragments": config["peaks"]["min_fragments"],
        },
        code=caller_digest,
    script:
        "../scripts/call_peaks.py"


use rule call_peaks as call_peaks_macs2 with:
    log:
        "logs/call_peaks_macs2/{dataset}.{caller}.log",
    benchmark:
        "results/{dataset}/benchmarks/call_peaks_macs2/{caller}.tsv"
    wildcard_constraints:
        caller="macs2",
    conda:
        "../../envs/macs2.yaml"


rule consensus:
    input:
        groups="results/{dataset}/peaks/{caller}/groups.tsv",
        folder="results/{dataset}/peaks/{caller}/groups",
        chromosomes=f"{GENOME}/chromosomes.tsv",
        blacklist=blacklisted(),
    output:
        bed="results/{dataset}/peaks/{caller}/consensus.bed",
    log:
        "logs/consensus/{dataset}.{caller}.log",
    benchmark:
        "results/{dataset}/benchmarks/consensus/{caller}.tsv"
    wildcard_constraints:
        caller=CALLED,
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        half_width=config["peaks"]["consensus"]["half_width"],
        min_score=config["peaks"]["consensus"]["min_score"],
        code=source_digest("multiome2vec.steps.consensus"),
    script:
        "../scripts/consensus.py"


rule given_regions:
    input:
        unpack(given_sources),
        chromosomes=known_chromosomes("chromosomes.tsv"),
        blacklist=blacklisted(),
    output:
        bed="results/{dataset}/peaks/{caller}/consensus.bed",
    log:
        "logs/given_regions/{dataset}.{caller}.log",
    benchmark:
        "results/{dataset}/benchmarks/given_regions/{caller}.tsv"
    wildcard_constraints:
        caller="bed|input",
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        kinds={
            "pattern": ASSEMBLY["standard_chromosomes"],
            "mitochondrion": ASSEMBLY["mitochondrion"],
        },
        code=source_digest("multiome2vec.steps.given_regions"),
    script:
        "../scripts/given_regions.py"
