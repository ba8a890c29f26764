"""
The reference of an assembly in one place and one form.

REQUIRED INPUTS: what `assemblies` of the configuration names (FASTA; GTF, GFF3 or BED of transcription
start sites; blacklist; chromosome sizes where there is no FASTA; a table of chromosome names where they
differ).

OUTPUTS: resources/genomes/{assembly}/{genome.fa, genome.fa.fai, chrom.sizes, chromosomes.tsv, tss.bed,
promoters.bed, genes.bed, blacklist.bed}
"""


include: "inputs/reference.smk"


rule genome:
    input:
        fasta=ASSEMBLY["fasta"] or [],
        names=ASSEMBLY["chromosome_names"] or [],
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
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/genome.py"


rule chrom_sizes:
    input:
        source=chrom_sizes_source,
        names=[] if has_genome() else ASSEMBLY["chromosome_names"] or [],
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
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/chrom_sizes.py"


rule chromosomes:
    input:
        chrom_sizes="resources/genomes/{assembly}/chrom.sizes",
        genome="resources/genomes/{assembly}/genome.fa" if has_genome() else [],
        index="resources/genomes/{assembly}/genome.fa.fai" if has_genome() else [],
    output:
        table="resources/genomes/{assembly}/chromosomes.tsv",
    log:
        "logs/chromosomes/{assembly}.log",
    benchmark:
        "logs/chromosomes/{assembly}.benchmark.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        pattern=ASSEMBLY["standard_chromosomes"],
        mitochondrion=ASSEMBLY["mitochondrion"],
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/chromosomes.py"


rule tss:
    input:
        source=ASSEMBLY["tss"] or ASSEMBLY["gtf"] or [],
        chrom_sizes="resources/genomes/{assembly}/chrom.sizes",
        names=ASSEMBLY["chromosome_names"] or [],
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
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        kind="bed" if ASSEMBLY["tss"] else "gtf",
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/tss.py"


rule promoters:
    input:
        tss="resources/genomes/{assembly}/tss.bed",
        chrom_sizes="resources/genomes/{assembly}/chrom.sizes",
    output:
        promoters="resources/genomes/{assembly}/promoters.bed",
    log:
        "logs/promoters/{assembly}.log",
    benchmark:
        "logs/promoters/{assembly}.benchmark.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/promoters.py"


rule genes:
    input:
        source=ASSEMBLY["gtf"] or ASSEMBLY["tss"] or [],
        chrom_sizes="resources/genomes/{assembly}/chrom.sizes",
        names=ASSEMBLY["chromosome_names"] or [],
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
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        kind="gtf" if ASSEMBLY["gtf"] else "bed",
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/genes.py"


rule blacklist:
    input:
        source=ASSEMBLY["blacklist"] or [],
        chrom_sizes="resources/genomes/{assembly}/chrom.sizes",
        names=ASSEMBLY["chromosome_names"] or [],
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
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.reference"),
    script:
        "../scripts/blacklist.py"
