"""
The aligned matrices: one MuData of genes, regions and motifs, and its exports.

REQUIRED INPUTS: qc/barcodes.tsv, annotation/labels.tsv; annotation/rna.h5ad, regions/regions.h5ad,
topics/{engine}/topics.h5ad and motifs/deviations.h5ad or motifs/{engine}/auc.h5ad as far as the
dataset has them

OUTPUTS: results/{dataset}/matrices/{multiome.h5mu, {gene,region,motif}_by_cell/,
{gene,region,motif}_by_cell_comb.csv}
"""


include: "inputs/matrices.smk"


rule multiome:
    input:
        unpack(multiome_inputs),
        barcodes="results/{dataset}/qc/barcodes.tsv",
        labels="results/{dataset}/annotation/labels.tsv",
    output:
        multiome="results/{dataset}/matrices/multiome.h5mu",
    log:
        "logs/multiome/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/multiome/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.multiome"),
    script:
        "../scripts/multiome.py"


rule export_matrices:
    input:
        multiome="results/{dataset}/matrices/multiome.h5mu",
    output:
        matrix="results/{dataset}/matrices/{kind}_by_cell/matrix.mtx.gz",
        features="results/{dataset}/matrices/{kind}_by_cell/features.tsv.gz",
        barcodes="results/{dataset}/matrices/{kind}_by_cell/barcodes.tsv.gz",
        means="results/{dataset}/matrices/{kind}_by_cell_comb.csv",
    log:
        "logs/export_matrices/{dataset}.{kind}.log",
    benchmark:
        "results/{dataset}/benchmarks/export_matrices/{kind}.tsv"
    wildcard_constraints:
        kind="gene|region|motif",
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.export_matrices"),
    script:
        "../scripts/export_matrices.py"
