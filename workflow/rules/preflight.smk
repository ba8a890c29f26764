"""
Every check of inputs and machine that takes seconds, before anything long runs.

REQUIRED INPUTS: the files that the sample sheet and the assembly name. The target `preflight` runs
also without them: it says which will be downloaded or made, and checks the others.

OUTPUTS: results/{dataset}/preflight.tsv, one row per finding, the worst first. It is a log, which
stays when a check fails. results/{dataset}/inputs.tsv, the same about the inputs that passed; a run
stops before it if any check fails.
"""


localrules:
    preflight,


rule preflight:
    log:
        text=f"logs/preflight/{DATASET}.log",
        table=f"results/{DATASET}/preflight.tsv",
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        samples=SAMPLES.to_dict("index"),
        assembly=ASSEMBLY,
        settings=preflight_settings() | {"faults": FAULTS, "left_out": left_out()},
        machine=machine_facts,
        sources=file_sources(),
        code=source_digest("multiome2vec.steps.preflight"),
    script:
        "../scripts/preflight.py"


rule check_inputs:
    input:
        files=delivered_files,
        reference=assembly_files(),
    output:
        table="results/{dataset}/inputs.tsv",
    log:
        text="logs/check_inputs/{dataset}.log",
        table="results/{dataset}/preflight.tsv",
    benchmark:
        "results/{dataset}/benchmarks/check_inputs/all.tsv"
    priority: 100  # before everything else: a run with bad inputs stops here
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        samples=SAMPLES.to_dict("index"),
        assembly=ASSEMBLY,
        settings=preflight_settings(),
        code=source_digest("multiome2vec.steps.preflight"),
    script:
        "../scripts/check_inputs.py"
