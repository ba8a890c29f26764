"""
The embedded demo dataset: a simulated 10x multiome run of two samples, with the truth behind it.

REQUIRED INPUTS: none.

OUTPUTS:
    resources/downloads/demo/{s1,s2}/   matrix and fragments as cellranger-arc delivers them
    resources/downloads/demo/           genome, annotation, blacklist
    resources/downloads/demo/truth/     what is behind every barcode, region, gene, factor and site
"""


rule simulate:
    output:
        matrix_s1="resources/downloads/demo/s1/filtered_feature_bc_matrix.h5",
        matrix_s2="resources/downloads/demo/s2/filtered_feature_bc_matrix.h5",
        fragments_s1="resources/downloads/demo/s1/atac_fragments.tsv.gz",
        fragments_s2="resources/downloads/demo/s2/atac_fragments.tsv.gz",
        index_s1="resources/downloads/demo/s1/atac_fragments.tsv.gz.tbi",
        index_s2="resources/downloads/demo/s2/atac_fragments.tsv.gz.tbi",
        genome="resources/downloads/demo/genome.fa",
        genes="resources/downloads/demo/genes.gtf.gz",
        blacklist="resources/downloads/demo/blacklist.bed",
        true_cells="resources/downloads/demo/truth/cells.tsv",
        true_regions="resources/downloads/demo/truth/regions.tsv",
        true_genes="resources/downloads/demo/truth/genes.tsv",
        true_tfs="resources/downloads/demo/truth/tfs.tsv",
        true_sites="resources/downloads/demo/truth/motif_sites.tsv",
    log:
        "logs/simulate/demo.log",
    benchmark:
        "logs/simulate/demo.benchmark.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        seed=config["simulate"]["seed"],
        barcodes=config["simulate"]["barcodes"],
        chromosome_length=config["simulate"]["chromosome_length"],
        genes=config["simulate"]["genes"],
        code=source_digest("multiome2vec.steps.simulate"),
    script:
        "../scripts/simulate.py"
