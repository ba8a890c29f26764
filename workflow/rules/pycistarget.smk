"""
Enrichment of motifs in region sets by pycistarget (motifs.engine: pycistarget).

Its licence is academic, non-commercial, so its environment is the user's. That has numpy 1 and
pandas 1: one rule runs in it, between one that writes what it reads and one that reads what it writes.

REQUIRED INPUTS: those of rule motif_enrichment

OUTPUTS: results/{dataset}/motifs/pycistarget/{enrichment.tsv, dem.tsv, cistromes.h5ad}
"""


rule pycistarget_inputs:
    input:
        unpack(region_sets),
        unpack(given_databases),
        scores=own_scores(),
        matches="results/{dataset}/motifs/lightmotif/scores.h5ad",
        promoters=f"{GENOME}/promoters.bed" if has_annotation() else [],
    output:
        inputs=temp(directory("results/{dataset}/motifs/pycistarget/inputs")),
    log:
        "logs/pycistarget_inputs/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/pycistarget_inputs/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        kinds=REGION_SETS,
        given=sorted(
            {"rankings", "scores"} & {name.removeprefix("given_") for name in given_databases()}
        ),
        seed=config["motifs"]["enrichment"]["seed"],
        code=source_digest("multiome2vec.steps.pycistarget_inputs"),
    script:
        "../scripts/pycistarget_inputs.py"


rule run_pycistarget:
    input:
        unpack(given_databases),
        inputs="results/{dataset}/motifs/pycistarget/inputs",
    output:
        found=temp(directory("results/{dataset}/motifs/pycistarget/found")),
    log:
        "logs/run_pycistarget/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/run_pycistarget/all.tsv"
    conda:
        config["motifs"]["pycistarget_env"] or "../../envs/pycistarget.yaml"
    threads: 4
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        given=sorted(given_databases()),
        thresholds=enrichment_thresholds(),
        code=source_digest("multiome2vec.steps.run_pycistarget"),
    script:
        "../scripts/run_pycistarget.py"


rule pycistarget_tables:
    input:
        unpack(given_databases),
        found="results/{dataset}/motifs/pycistarget/found",
        matches="results/{dataset}/motifs/lightmotif/scores.h5ad",
        annotation="results/{dataset}/motifs/motifs.tsv",
    output:
        enrichment="results/{dataset}/motifs/pycistarget/enrichment.tsv",
        dem="results/{dataset}/motifs/pycistarget/dem.tsv",
        cistromes="results/{dataset}/motifs/pycistarget/cistromes.h5ad",
    log:
        "logs/pycistarget_tables/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/pycistarget_tables/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        given=sorted(given_databases()),
        code=source_digest("multiome2vec.steps.pycistarget_tables"),
    script:
        "../scripts/pycistarget_tables.py"
