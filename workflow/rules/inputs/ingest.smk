"""Helpers of `ingest.smk`: which files and settings its rules use."""


def sheet(column):
    """Input or parameter function: a column of the sample's row."""
    return lambda wildcards: SAMPLES.loc[wildcards.sample, column]


def sample_metadata(wildcards):
    """Columns of the sheet that describe the sample's cells."""
    return SAMPLES.loc[wildcards.sample, metadata_columns(SAMPLES)].to_dict()


def obs_columns(wildcards):
    """Columns of the RNA's own obs that describe the sample's cells (`obs:<column>`)."""
    values = sample_metadata(wildcards).values()
    return [value.removeprefix("obs:") for value in values if value.startswith("obs:")]


def barcode_inputs(wildcards):
    """What the sample has: RNA, a census of the fragments, a ready region matrix."""
    folder = f"results/{wildcards.dataset}/samples/{wildcards.sample}"
    files = {
        "rna": (has_rna, "rna.h5ad"),
        "census": (has_fragments, "fragment_barcodes.tsv"),
        "regions": (has_ready_atac, "regions.h5ad"),
    }
    there = {key: f"{folder}/{name}" for key, (has, name) in files.items() if has(wildcards.sample)}
    translation = config["ingest"]["barcode_translation"]
    return there | ({"translation": translation} if translation else {})


def known_chromosomes(name):
    """A table of the assembly's chromosomes, where it has any."""
    return f"{GENOME}/{name}" if has_genome() or ASSEMBLY["chrom_sizes"] else []
