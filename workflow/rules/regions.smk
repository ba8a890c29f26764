"""
Cells × consensus regions, counted from fragments or taken from ready matrices; the final verdict on
every barcode, with FRiP; the account of cells and features.

REQUIRED INPUTS: qc/barcodes.pre.tsv; peaks/{caller}/consensus.bed and fragments or ready matrices, where
the dataset has ATAC; samples/{sample}/rna.h5ad and annotation/rna.h5ad, where it has RNA

OUTPUTS: results/{dataset}/regions/regions.h5ad, results/{dataset}/qc/{barcodes.tsv, counts.tsv, samples.tsv}
"""


include: "inputs/regions.smk"


if has_fragments():

    rule count_regions:
        input:
            barcodes="results/{dataset}/qc/barcodes.pre.tsv",
            bed=f"results/{{dataset}}/peaks/{REGION_CALLER}/consensus.bed",
            fragments=expand(
                "results/{{dataset}}/samples/{sample}/fragments.tsv.gz", sample=fragment_samples()
            ),
            chromosomes=f"{GENOME}/chromosomes.tsv",
        output:
            regions="results/{dataset}/regions/regions.h5ad",
        log:
            "logs/count_regions/{dataset}.log",
        benchmark:
            "results/{dataset}/benchmarks/count_regions/all.tsv"
        conda:
            "../../envs/core.yaml"
        threads: 2
        resources:
            mem_mb=job_memory,
            runtime=job_minutes,
        params:
            samples=fragment_samples(),
            counting=config["regions"]["counting"],
            min_cells=config["regions"]["min_cells"],
            max_cells=config["regions"]["max_cells"],
            assembly=ASSEMBLY_NAME,
            code=source_digest("multiome2vec.steps.count_regions"),
        script:
            "../scripts/count_regions.py"

else:

    rule merge_regions:
        input:
            barcodes="results/{dataset}/qc/barcodes.pre.tsv",
            bed=f"results/{{dataset}}/peaks/{REGION_CALLER}/consensus.bed",
            matrices=expand(
                "results/{{dataset}}/samples/{sample}/regions.h5ad", sample=ready_atac_samples()
            ),
        output:
            regions="results/{dataset}/regions/regions.h5ad",
        log:
            "logs/merge_regions/{dataset}.log",
        benchmark:
            "results/{dataset}/benchmarks/merge_regions/all.tsv"
        conda:
            "../../envs/core.yaml"
        threads: 1
        resources:
            mem_mb=job_memory,
            runtime=job_minutes,
        params:
            samples=ready_atac_samples(),
            min_cells=config["regions"]["min_cells"],
            max_cells=config["regions"]["max_cells"],
            assembly=ASSEMBLY_NAME,
            code=source_digest("multiome2vec.steps.merge_regions"),
        script:
            "../scripts/merge_regions.py"


rule final_qc:
    input:
        unpack(final_qc_inputs),
        barcodes="results/{dataset}/qc/barcodes.pre.tsv",
    output:
        table="results/{dataset}/qc/barcodes.tsv",
        counts="results/{dataset}/qc/counts.tsv",
        samples="results/{dataset}/qc/samples.tsv",
    log:
        "logs/final_qc/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/final_qc/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        samples=rna_samples(),
        min_frip=least_frip(),
        least_cells=fewest_cells(),
        failed_samples=config["qc"]["failed_samples"],
        code=source_digest("multiome2vec.steps.final_qc"),
    script:
        "../scripts/final_qc.py"
