"""Helpers of `reference.smk`: which files and settings its rules use."""


def chrom_sizes_source(wildcards):
    """The index of the genome, or the table given instead."""
    if has_genome():
        return f"resources/genomes/{wildcards.assembly}/genome.fa.fai"
    if not ASSEMBLY["chrom_sizes"]:
        raise WorkflowError(
            f"assemblies.{ASSEMBLY_NAME} has neither fasta nor chrom_sizes, and fragments need the "
            "lengths of the chromosomes. Name one of the two."
        )
    return ASSEMBLY["chrom_sizes"]
