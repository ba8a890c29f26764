"""
Motifs in the report: what is enriched in region sets, what is active in labels.

REQUIRED INPUTS: motifs/{motifs.jaspar, deviations.h5ad, {engine}/{enrichment.tsv, dem.tsv}},
topics/{engine}/region_sets/, annotation/labels.tsv

OUTPUTS: results/{dataset}/motifs/{deviations.png, {engine}/enrichment.html}
"""


rule enrichment_page:
    input:
        unpack(region_sets),
        enrichment="results/{dataset}/motifs/{engine}/enrichment.tsv",
        dem="results/{dataset}/motifs/{engine}/dem.tsv",
        motifs="results/{dataset}/motifs/motifs.jaspar",
        template=local(os.path.join(workflow.basedir, "workflow/report/enrichment.html.j2")),
    output:
        html=report(
            "results/{dataset}/motifs/{engine}/enrichment.html",
            category="5 Motifs",
            caption="../report/enrichment.rst",
            labels={"result": "enriched motifs of topics and labels", "engine": "{engine}"},
        ),
    log:
        "logs/enrichment_page/{dataset}.{engine}.log",
    benchmark:
        "results/{dataset}/benchmarks/enrichment_page/{engine}.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        kinds=REGION_SETS,
        of_database=bool(given_databases()),
        thresholds=enrichment_thresholds(),
        code=source_digest("multiome2vec.steps.enrichment_page"),
    script:
        "../scripts/enrichment_page.py"


rule deviations_plot:
    input:
        deviations="results/{dataset}/motifs/deviations.h5ad",
        labels="results/{dataset}/annotation/labels.tsv",
    output:
        figure=report(
            "results/{dataset}/motifs/deviations.png",
            category="5 Motifs",
            caption="../report/deviations.rst",
            labels={"result": "motif activity by label"},
        ),
    log:
        "logs/deviations_plot/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/deviations_plot/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.deviations_plot"),
    script:
        "../scripts/deviations_plot.py"
