"""Helpers of `motifs.smk`: which files and settings its rules use."""


def motif_files():
    """The files of the collection, where it is no JASPAR release."""
    collection = config["motifs"]["collection"]
    if re.fullmatch(r"JASPAR\d{4}", collection):
        return []
    if not os.path.isdir(collection):
        return [collection]
    return sorted(entry.path for entry in os.scandir(collection) if entry.is_file())
