"""
Motif matches in the consensus regions, motif activity in cells, enrichment in region sets.

REQUIRED INPUTS: peaks/{caller}/consensus.bed, regions/regions.h5ad, qc/barcodes.tsv, the genome,
topics/{engine}/{region_sets/, topics.h5ad}

OUTPUTS: results/{dataset}/motifs/{motifs.jaspar, motifs.tsv, deviations.h5ad,
lightmotif/scores.h5ad, {engine}/{enrichment.tsv, dem.tsv, cistromes.h5ad, auc.h5ad}}

Matches, scores and activity are lightmotif's; the engine is what finds enriched motifs.
"""


include: "inputs/motifs.smk"


rule motif_collection:
    input:
        files=motif_files(),
        factors=config["motifs"]["factors"] or [],
    output:
        motifs="results/{dataset}/motifs/motifs.jaspar",
        annotation="results/{dataset}/motifs/motifs.tsv",
    log:
        "logs/motif_collection/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/motif_collection/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        collection=config["motifs"]["collection"],
        taxon=config["motifs"]["taxon"],
        code=source_digest("multiome2vec.steps.motif_collection"),
    script:
        "../scripts/motif_collection.py"


rule motif_scan:
    input:
        regions=f"results/{{dataset}}/peaks/{REGION_CALLER}/consensus.bed",
        genome=f"{GENOME}/genome.fa",
        index=f"{GENOME}/genome.fa.fai",
        motifs="results/{dataset}/motifs/motifs.jaspar",
        annotation="results/{dataset}/motifs/motifs.tsv",
    output:
        scores="results/{dataset}/motifs/lightmotif/scores.h5ad",
    log:
        "logs/motif_scan/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/motif_scan/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        pvalue=config["motifs"]["pvalue"],
        code=source_digest("multiome2vec.steps.motif_scan"),
    script:
        "../scripts/motif_scan.py"


rule deviations:
    input:
        regions="results/{dataset}/regions/regions.h5ad",
        barcodes="results/{dataset}/qc/barcodes.tsv",
        scores="results/{dataset}/motifs/lightmotif/scores.h5ad",
    output:
        deviations="results/{dataset}/motifs/deviations.h5ad",
    log:
        "logs/deviations/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/deviations/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        background_sets=config["motifs"]["deviations"]["background_sets"],
        bin_size=config["motifs"]["deviations"]["bin_size"],
        w=config["motifs"]["deviations"]["w"],
        seed=config["motifs"]["deviations"]["seed"],
        code=source_digest("multiome2vec.steps.deviations"),
    script:
        "../scripts/deviations.py"


# several GB for 300,000 regions, and a few minutes to make: gone when the enrichment is done
rule motif_scores:
    input:
        regions=f"results/{{dataset}}/peaks/{REGION_CALLER}/consensus.bed",
        genome=f"{GENOME}/genome.fa",
        index=f"{GENOME}/genome.fa.fai",
        motifs="results/{dataset}/motifs/motifs.jaspar",
    output:
        scores=temp(directory("results/{dataset}/motifs/lightmotif/best_scores.zarr")),
    log:
        "logs/motif_scores/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/motif_scores/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 8
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        pvalue=config["motifs"]["pvalue"],
        shuffle_seed=shuffle_seed(),
        code=source_digest("multiome2vec.steps.motif_scores"),
    script:
        "../scripts/motif_scores.py"


rule motif_enrichment:
    input:
        unpack(region_sets),
        unpack(given_databases),
        scores=own_scores(),
        matches="results/{dataset}/motifs/lightmotif/scores.h5ad",
        annotation="results/{dataset}/motifs/motifs.tsv",
        promoters=f"{GENOME}/promoters.bed" if has_annotation() else [],
    output:
        enrichment="results/{dataset}/motifs/lightmotif/enrichment.tsv",
        dem="results/{dataset}/motifs/lightmotif/dem.tsv",
        cistromes="results/{dataset}/motifs/lightmotif/cistromes.h5ad",
    log:
        "logs/motif_enrichment/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/motif_enrichment/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        kinds=REGION_SETS,
        given=sorted(given_databases()),
        thresholds=enrichment_thresholds(),
        background=config["motifs"]["enrichment"]["background"],
        seed=config["motifs"]["enrichment"]["seed"],
        code=source_digest("multiome2vec.steps.motif_enrichment"),
    script:
        "../scripts/motif_enrichment.py"


rule region_set_auc:
    input:
        unpack(auc_ranking),
        cistromes="results/{dataset}/motifs/{engine}/cistromes.h5ad",
    output:
        auc="results/{dataset}/motifs/{engine}/auc.h5ad",
    log:
        "logs/region_set_auc/{dataset}.{engine}.log",
    benchmark:
        "results/{dataset}/benchmarks/region_set_auc/{engine}.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        ranking=config["motifs"]["auc"]["ranking"],
        threshold=config["motifs"]["auc"]["threshold"],
        code=source_digest("multiome2vec.steps.region_set_auc"),
    script:
        "../scripts/region_set_auc.py"
