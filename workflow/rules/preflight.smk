"""
Every check of the inputs that takes seconds, before anything long runs.

REQUIRED INPUTS: the files that the sample sheet and the assembly name.

OUTPUTS: results/{dataset}/preflight.tsv, one row per check. The run stops if any check fails.
"""


rule check_inputs:
    input:
        files=delivered_files,
        reference=assembly_files(),
    output:
        table="results/{dataset}/preflight.tsv",
    log:
        "logs/check_inputs/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/check_inputs/all.tsv"
    priority: 100  # before everything else: a run with bad inputs stops here
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        samples=SAMPLES.to_dict("index"),
        assembly=ASSEMBLY,
        code=source_digest("multiome2vec.steps.preflight"),
    script:
        "../scripts/check_inputs.py"
