"""Helpers of `motifs.smk`: which files and settings its rules use."""


def motif_file(wildcards):
    """The motif file, where the collection is one and not a JASPAR release."""
    collection = config["motifs"]["collection"]
    return [] if re.fullmatch(r"JASPAR\d{4}", collection) else collection
