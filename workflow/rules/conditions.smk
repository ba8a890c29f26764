"""
What differs between the conditions of the sample sheet: shares of labels, and genes and regions within
a label, with donors (or samples) as replicates.

REQUIRED INPUTS: matrices/multiome.h5mu

OUTPUTS: results/{dataset}/conditions/{composition.tsv, composition_tests.tsv, composition.png,
{gene,region}_effects.tsv.gz, {gene,region}_summary.tsv, {gene,region}_effects.png}

Made where the sheet has several conditions. What cannot be tested (fewer replicates than
conditions.min_replicates, confounded covariates) is in the tables with the reason.
"""


include: "inputs/conditions.smk"


rule composition:
    input:
        multiome="results/{dataset}/matrices/multiome.h5mu",
    output:
        table="results/{dataset}/conditions/composition.tsv",
        tests="results/{dataset}/conditions/composition_tests.tsv",
        figure=report(
            "results/{dataset}/conditions/composition.png",
            category="8 Conditions",
            caption="../report/composition.rst",
            labels={"result": "shares of the labels"},
        ),
    log:
        "logs/composition/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/composition/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        reference=config["conditions"]["reference"],
        covariates=config["conditions"]["covariates"],
        min_replicates=config["conditions"]["min_replicates"],
        code=source_digest("multiome2vec.steps.composition"),
    script:
        "../scripts/composition.py"


rule condition_effects:
    input:
        multiome="results/{dataset}/matrices/multiome.h5mu",
    output:
        table="results/{dataset}/conditions/{kind}_effects.tsv.gz",
        summary="results/{dataset}/conditions/{kind}_summary.tsv",
        figure=report(
            "results/{dataset}/conditions/{kind}_effects.png",
            category="8 Conditions",
            caption="../report/condition_effects.rst",
            labels={"result": "{kind}s changed in every label"},
        ),
    log:
        "logs/condition_effects/{dataset}.{kind}.log",
    benchmark:
        "results/{dataset}/benchmarks/condition_effects/{kind}.tsv"
    wildcard_constraints:
        kind="gene|region",
    conda:
        "../../envs/core.yaml"
    threads: 4
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        settings=effect_settings(),
        code=source_digest("multiome2vec.steps.condition_effects"),
    script:
        "../scripts/condition_effects.py"
