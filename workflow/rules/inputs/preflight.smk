"""Helpers of `preflight.smk`: which files and settings its rules use."""


def sheet_files():
    """Files of the sample sheet."""
    columns = ["rna", "fragments", "atac", "labels"]
    paths = [path for path in SAMPLES[columns].to_numpy().ravel() if path]
    return sorted({path for path in paths if not path.startswith("obs:")})


def assembly_files():
    """Files of the assembly."""
    names = ["fasta", "gtf", "tss", "chrom_sizes", "blacklist", "chromosome_names"]
    return [ASSEMBLY[name] for name in names if ASSEMBLY[name]]
