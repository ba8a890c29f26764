"""
Figures of quality control, with the limits that were applied.

REQUIRED INPUTS: qc/barcodes.pre.tsv; samples/{sample}/{rna_limits.tsv, atac_limits.tsv,
atac_profile.tsv}

OUTPUTS: results/{dataset}/qc/{rna.png, atac.png, joint.png}
"""


rule qc_plot_rna:
    input:
        barcodes="results/{dataset}/qc/barcodes.pre.tsv",
        limits=of_samples("rna_limits.tsv", rna_samples()),
    output:
        figure=report(
            "results/{dataset}/qc/rna.png",
            caption="../report/qc_rna.rst",
            category="2 Quality control",
            labels={"result": "RNA metrics and limits"},
        ),
    log:
        "logs/qc_plot_rna/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/qc_plot_rna/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        samples=rna_samples(),
        code=source_digest("multiome2vec.steps.qc_plots"),
    script:
        "../scripts/qc_plot_rna.py"


rule qc_plot_atac:
    input:
        barcodes="results/{dataset}/qc/barcodes.pre.tsv",
        limits=of_samples("atac_limits.tsv", atac_samples()),
        profiles=of_samples("atac_profile.tsv", atac_samples()),
    output:
        figure=report(
            "results/{dataset}/qc/atac.png",
            caption="../report/qc_atac.rst",
            category="2 Quality control",
            labels={"result": "ATAC metrics, limits and profiles"},
        ),
    log:
        "logs/qc_plot_atac/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/qc_plot_atac/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        samples=atac_samples(),
        code=source_digest("multiome2vec.steps.qc_plots"),
    script:
        "../scripts/qc_plot_atac.py"


rule qc_plot_joint:
    input:
        barcodes="results/{dataset}/qc/barcodes.pre.tsv",
    output:
        figure=report(
            "results/{dataset}/qc/joint.png",
            caption="../report/qc_joint.rst",
            category="2 Quality control",
            labels={"result": "RNA against ATAC, by verdict"},
        ),
    log:
        "logs/qc_plot_joint/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/qc_plot_joint/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.qc_plots"),
    script:
        "../scripts/qc_plot_joint.py"
