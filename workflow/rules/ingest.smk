"""
Each sample's raw files in one form, checked; its barcodes with their spelling on both sides.

REQUIRED INPUTS: the files that the sample sheet names.

OUTPUTS: results/{dataset}/samples/{sample}/{rna.h5ad, fragments.tsv.gz(.tbi), fragment_barcodes.tsv,
regions.h5ad, barcodes.tsv}, as far as the sample has them
"""


include: "inputs/ingest.smk"


rule ingest_rna:
    input:
        files=delivered_column("rna"),
    output:
        rna="results/{dataset}/samples/{sample}/rna.h5ad",
    log:
        "logs/ingest_rna/{dataset}.{sample}.log",
    benchmark:
        "results/{dataset}/benchmarks/ingest_rna/{sample}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        source=sheet("rna"),
        kind=sheet("rna_kind"),
        layer=sheet("rna_layer"),
        obs_columns=obs_columns,
        barcodes=sheet("rna_barcodes"),
        code=source_digest("multiome2vec.steps.ingest_rna"),
    script:
        "../scripts/ingest_rna.py"


rule ingest_fragments:
    input:
        source=sheet("fragments"),
        chrom_sizes=known_chromosomes("chrom.sizes"),
        names=ASSEMBLY["chromosome_names"] or [],
    output:
        fragments="results/{dataset}/samples/{sample}/fragments.tsv.gz",
        index="results/{dataset}/samples/{sample}/fragments.tsv.gz.tbi",
        census="results/{dataset}/samples/{sample}/fragment_barcodes.tsv",
    log:
        "logs/ingest_fragments/{dataset}.{sample}.log",
    benchmark:
        "results/{dataset}/benchmarks/ingest_fragments/{sample}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        barcodes=sheet("fragments_barcodes"),
        code=source_digest("multiome2vec.steps.ingest_fragments"),
    script:
        "../scripts/ingest_fragments.py"


rule ingest_regions:
    input:
        files=delivered_column("atac"),
        names=ASSEMBLY["chromosome_names"] or [],
    output:
        regions="results/{dataset}/samples/{sample}/regions.h5ad",
    log:
        "logs/ingest_regions/{dataset}.{sample}.log",
    benchmark:
        "results/{dataset}/benchmarks/ingest_regions/{sample}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        source=sheet("atac"),
        kind=sheet("atac_kind"),
        layer=sheet("atac_layer"),
        counting=sheet("counting"),
        barcodes=sheet("atac_barcodes"),
        code=source_digest("multiome2vec.steps.ingest_regions"),
    script:
        "../scripts/ingest_regions.py"


rule barcodes:
    input:
        unpack(barcode_inputs),
    output:
        barcodes="results/{dataset}/samples/{sample}/barcodes.tsv",
    log:
        "logs/barcodes/{dataset}.{sample}.log",
    benchmark:
        "results/{dataset}/benchmarks/barcodes/{sample}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        metadata=sample_metadata,
        barcode_transform=sheet("barcode_transform"),
        min_overlap=config["ingest"]["min_overlap"],
        min_fragments=config["ingest"]["min_fragments"],
        code=source_digest("multiome2vec.steps.barcodes"),
    script:
        "../scripts/barcodes.py"
