"""
Clusters and labels of the kept cells: by RNA where the dataset has it, else by ATAC. Cells with ATAC
alone, beside others with RNA, take the labels of the cells with both that lie next to them in ATAC.

REQUIRED INPUTS: qc/barcodes.pre.tsv; samples/{sample}/{rna.h5ad, fragments.tsv.gz, regions.h5ad}, as far
as the sample has them; the label files of the sample sheet, a labelled reference or marker genes

OUTPUTS: results/{dataset}/annotation/{rna.h5ad, atac.h5ad, labels.tsv, umap.png, umap_atac.png}
"""


include: "inputs/annotate.smk"


rule annotate_rna:
    input:
        barcodes="results/{dataset}/qc/barcodes.pre.tsv",
        rna=of_samples("rna.h5ad", rna_samples()),
        cell_cycle=cell_cycle_genes(),
    output:
        cells="results/{dataset}/annotation/rna.h5ad",
    log:
        "logs/annotate_rna/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/annotate_rna/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1  # the last digits of the components depend on the number of BLAS threads
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        samples=rna_samples(),
        genes={
            "min_cells": config["qc"]["rna"]["min_cells"],
            "n_top_genes": config["annotate"]["n_top_genes"],
        },
        graph=GRAPH,
        n_pcs=config["annotate"]["n_pcs"],
        harmony=config["annotate"]["harmony"],
        seed=config["annotate"]["seed"],
        code=source_digest("multiome2vec.steps.annotate_rna"),
    script:
        "../scripts/annotate_rna.py"


rule annotate_atac:
    input:
        barcodes="results/{dataset}/qc/barcodes.pre.tsv",
        fragments=of_samples("fragments.tsv.gz", fragment_samples()),
        regions=of_samples("regions.h5ad", ready_atac_samples()),
        chromosomes=f"{GENOME}/chromosomes.tsv" if has_fragments() else [],
        genes=f"{GENOME}/genes.bed" if needs_gene_activity() else [],
    output:
        cells="results/{dataset}/annotation/atac.h5ad",
    log:
        "logs/annotate_atac/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/annotate_atac/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        fragment_samples=fragment_samples(),
        ready_samples=ready_atac_samples(),
        n_components=config["annotate"]["n_pcs"],
        harmony=config["annotate"]["harmony"],
        graph=GRAPH,
        seed=config["annotate"]["seed"],
        activity=config["gene_activity"] if needs_gene_activity() else None,
        code=source_digest("multiome2vec.steps.annotate_atac"),
    script:
        "../scripts/annotate_atac.py"


rule labels:
    input:
        barcodes="results/{dataset}/qc/barcodes.pre.tsv",
        annotation=annotation(),
        atac=atac_annotation(),
        files=label_files(),
        objects=list(labelled_objects().values()),
        reference=(config["annotate"]["reference"] or []) if names_clusters() else [],
        markers=(config["annotate"]["markers"] or []) if names_clusters() else [],
    output:
        labels="results/{dataset}/annotation/labels.tsv",
    log:
        "logs/labels/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/labels/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        choice=config["annotate"]["labels"],
        sources=label_sources(),
        objects=labelled_objects(),
        reference_label=config["annotate"]["reference_label"],
        code=source_digest("multiome2vec.steps.labels"),
    script:
        "../scripts/labels.py"


rule annotation_plot:
    input:
        annotation=annotation(),
        labels="results/{dataset}/annotation/labels.tsv",
    output:
        figure=report(
            "results/{dataset}/annotation/umap.png",
            caption="../report/annotation.rst",
            category="3 Annotation",
            labels={"result": "map of the cells by label, sample and quality"},
        ),
    log:
        "logs/annotation_plot/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/annotation_plot/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.annotation_plot"),
    script:
        "../scripts/annotation_plot.py"


use rule annotation_plot as annotation_plot_atac with:
    input:
        annotation="results/{dataset}/annotation/atac.h5ad",
        labels="results/{dataset}/annotation/labels.tsv",
    output:
        figure=report(
            "results/{dataset}/annotation/umap_atac.png",
            caption="../report/annotation.rst",
            category="3 Annotation",
            labels={"result": "map of the cells by their ATAC"},
        ),
    log:
        "logs/annotation_plot_atac/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/annotation_plot_atac/all.tsv"
