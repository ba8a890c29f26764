"""
Which barcodes are cells, before peaks exist: metrics and doublets of each sample, and the verdict.

REQUIRED INPUTS: samples/{sample}/{rna.h5ad, fragments.tsv.gz, regions.h5ad}, as far as the sample has
them, barcodes.tsv; chromosomes.tsv, and genes.bed, tss.bed and blacklist.bed where the assembly has
them

OUTPUTS: results/{dataset}/samples/{sample}/{rna_qc.tsv, rna_limits.tsv, doublets.tsv, atac_qc.tsv,
atac_limits.tsv, atac_profile.tsv}; results/{dataset}/qc/{barcodes.pre.tsv, rna.png, atac.png, joint.png}
"""


include: "inputs/qc.smk"


rule rna_qc:
    input:
        unpack(places_of_genes),
        rna="results/{dataset}/samples/{sample}/rna.h5ad",
        barcodes="results/{dataset}/samples/{sample}/barcodes.tsv",
    output:
        table="results/{dataset}/samples/{sample}/rna_qc.tsv",
        limits="results/{dataset}/samples/{sample}/rna_limits.tsv",
    log:
        "logs/rna_qc/{dataset}.{sample}.log",
    benchmark:
        "results/{dataset}/benchmarks/rna_qc/{sample}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        mt_prefix=config["qc"]["rna"]["mt_prefix"],
        thresholds=sample_settings("rna", RNA_THRESHOLDS),
        code=source_digest("multiome2vec.steps.rna_qc"),
    script:
        "../scripts/rna_qc.py"


rule doublets:
    input:
        rna="results/{dataset}/samples/{sample}/rna.h5ad",
        barcodes="results/{dataset}/samples/{sample}/barcodes.tsv",
        quality="results/{dataset}/samples/{sample}/rna_qc.tsv",
    output:
        table="results/{dataset}/samples/{sample}/doublets.tsv",
    log:
        "logs/doublets/{dataset}.{sample}.log",
    benchmark:
        "results/{dataset}/benchmarks/doublets/{sample}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        caller=config["qc"]["doublets"]["caller"],
        rate_per_1000=sample_setting("doublets", "rate_per_1000"),
        seed=config["qc"]["doublets"]["seed"],
        code=source_digest("multiome2vec.steps.doublets", *doublet_caller_modules()),
    script:
        "../scripts/doublets.py"


rule atac_qc:
    input:
        fragments="results/{dataset}/samples/{sample}/fragments.tsv.gz",
        barcodes="results/{dataset}/samples/{sample}/barcodes.tsv",
        chromosomes=f"{GENOME}/chromosomes.tsv",
        tss=f"{GENOME}/tss.bed" if has_annotation() else [],
        blacklist=f"{GENOME}/blacklist.bed" if ASSEMBLY["blacklist"] else [],
    output:
        table="results/{dataset}/samples/{sample}/atac_qc.tsv",
        profile="results/{dataset}/samples/{sample}/atac_profile.tsv",
        limits="results/{dataset}/samples/{sample}/atac_limits.tsv",
    log:
        "logs/atac_qc/{dataset}.{sample}.log",
    benchmark:
        "results/{dataset}/benchmarks/atac_qc/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(fragment_samples()),
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        thresholds=sample_settings("atac", ATAC_THRESHOLDS),
        doublets=sample_setting("atac", "doublets"),
        seed=config["qc"]["atac"]["seed"],
        code=source_digest("multiome2vec.steps.atac_qc"),
    script:
        "../scripts/atac_qc.py"


rule atac_qc_ready:
    input:
        regions="results/{dataset}/samples/{sample}/regions.h5ad",
        barcodes="results/{dataset}/samples/{sample}/barcodes.tsv",
    output:
        table="results/{dataset}/samples/{sample}/atac_qc.tsv",
        profile="results/{dataset}/samples/{sample}/atac_profile.tsv",
        limits="results/{dataset}/samples/{sample}/atac_limits.tsv",
    log:
        "logs/atac_qc_ready/{dataset}.{sample}.log",
    benchmark:
        "results/{dataset}/benchmarks/atac_qc_ready/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(ready_only_samples()),
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        min_regions=config["qc"]["atac"]["min_regions"],
        code=source_digest("multiome2vec.steps.atac_qc_ready"),
    script:
        "../scripts/atac_qc_ready.py"


rule pre_qc:
    input:
        barcodes=of_samples("barcodes.tsv", SAMPLES.index),
        rna=of_samples("rna_qc.tsv", rna_samples()),
        doublets=of_samples("doublets.tsv", rna_samples()),
        atac=of_samples("atac_qc.tsv", atac_samples()),
        include=config["qc"]["include"] or [],
        exclude=config["qc"]["exclude"] or [],
    output:
        table="results/{dataset}/qc/barcodes.pre.tsv",
    log:
        "logs/pre_qc/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/pre_qc/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        max_cells=config["qc"]["max_cells"],
        seed=config["qc"]["seed"],
        least_cells=fewest_cells(),
        failed_samples=config["qc"]["failed_samples"],
        code=source_digest("multiome2vec.steps.pre_qc"),
    script:
        "../scripts/pre_qc.py"
