"""
The reference of an assembly in one place and one form.

REQUIRED INPUTS: what `assemblies` of the configuration names (FASTA; GTF or BED of transcription start
sites; blacklist; chromosome sizes where there is no FASTA).

OUTPUTS: resources/genomes/{assembly}/{genome.fa, genome.fa.fai, chrom.sizes, tss.bed, genes.bed,
blacklist.bed}
"""


include: "inputs/reference.smk"


rule genome:
    input:
        fasta=ASSEMBLY["fasta"] or [],
    output:
        fasta="resources/genomes/{assembly}/genome.fa",
        index="resources/genomes/{assembly}/genome.fa.fai",
    log:
        "logs/genome/{assembly}.log",
    benchmark:
        "logs/genome/{assembly}.benchmark.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/genome.py"


rule chrom_sizes:
    input:
        source=chrom_sizes_source,
    output:
        sizes="resources/genomes/{assembly}/chrom.sizes",
    log:
        "logs/chrom_sizes/{assembly}.log",
    benchmark:
        "logs/chrom_sizes/{assembly}.benchmark.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/chrom_sizes.py"


rule tss:
    input:
        source=ASSEMBLY["tss"] or ASSEMBLY["gtf"] or [],
        chrom_sizes="resources/genomes/{assembly}/chrom.sizes",
    output:
        tss="resources/genomes/{assembly}/tss.bed",
    log:
        "logs/tss/{assembly}.log",
    benchmark:
        "logs/tss/{assembly}.benchmark.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        kind="bed" if ASSEMBLY["tss"] else "gtf",
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/tss.py"


rule genes:
    input:
        source=ASSEMBLY["gtf"] or ASSEMBLY["tss"] or [],
        chrom_sizes="resources/genomes/{assembly}/chrom.sizes",
    output:
        genes="resources/genomes/{assembly}/genes.bed",
    log:
        "logs/genes/{assembly}.log",
    benchmark:
        "logs/genes/{assembly}.benchmark.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        kind="gtf" if ASSEMBLY["gtf"] else "bed",
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/genes.py"


rule blacklist:
    input:
        source=ASSEMBLY["blacklist"] or [],
        chrom_sizes="resources/genomes/{assembly}/chrom.sizes",
    output:
        blacklist="resources/genomes/{assembly}/blacklist.bed",
    log:
        "logs/blacklist/{assembly}.log",
    benchmark:
        "logs/blacklist/{assembly}.benchmark.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/blacklist.py"
