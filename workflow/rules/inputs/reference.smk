"""Helpers of `reference.smk`: which files and settings its rules use."""


def chrom_sizes_source(wildcards):
    """The index of the genome, or the table given instead."""
    if has_genome():
        return f"resources/genomes/{wildcards.assembly}/genome.fa.fai"
    return ASSEMBLY["chrom_sizes"]
