"""Helpers of `downloads.smk`: which files can be downloaded, and which this dataset needs."""

from snakemake.logging import logger

from multiome2vec.downloads.listing import describe, to_download, wrong_sizes
from multiome2vec.io.catalogue import REFERENCES, catalogue_entries

DOWNLOADS = "resources/downloads"
TABLES = {
    kind: [from_here_or_workflow(path) for path in config["downloads"][kind]]
    for kind in ("datasets", "references")
}
try:
    CATALOGUE = catalogue_entries(**TABLES)
except UserError as error:
    raise WorkflowError(str(error)) from None


def delivered(path):
    """A file as it is; a folder of the catalogue as the files in it."""
    inside = [f"{DOWNLOADS}/{entry}" for entry in CATALOGUE]
    return [file for file in inside if file.startswith(f"{path}/")] or [path]


def delivered_column(column):
    """Input function: the file, or the files of the folder, in a column of the sample's row."""
    return lambda wildcards: delivered(SAMPLES.loc[wildcards.sample, column])


def delivered_files(wildcards=None):
    """All files of the sample sheet."""
    return [file for path in sheet_files() for file in delivered(path)]


def not_there(of_archives):
    """Wildcard constraint: a file to download (or to take out of an archive) that is not there.

    A file that is there is an input like any other: no change of code, settings or environment can
    make Snakemake delete it and download it again.
    """
    names = [
        re.escape(name)
        for name, entry in CATALOGUE.items()
        if bool(entry.archive) == of_archives and not os.path.exists(f"{DOWNLOADS}/{name}")
    ]
    return "|".join(names) or "(?!)"


def archive_of(wildcards):
    return f"{DOWNLOADS}/{CATALOGUE[wildcards.path].archive}"


def needed_downloads():
    """Files of the catalogue that the sample sheet and the assembly name."""
    names = [path.removeprefix(f"{DOWNLOADS}/") for path in (*delivered_files(), *assembly_files())]
    return [name for name in names if name in CATALOGUE]


def all_downloads():
    """These, and everything else that the catalogue has of the dataset."""
    own = [name for name in CATALOGUE if name.startswith(f"{DATASET}/")]
    return [f"{DOWNLOADS}/{name}" for name in dict.fromkeys([*needed_downloads(), *own])]


def announce_downloads():
    """Say what is to be downloaded; where nothing may be, stop with the list.

    In Snakemake's main process alone: each job reads the rules again.
    """
    if not workflow.is_main_process:
        return
    for problem in wrong_sizes(needed_downloads(), CATALOGUE, DOWNLOADS):
        logger.warning(problem)
    missing = to_download(needed_downloads(), CATALOGUE, DOWNLOADS)
    if not missing:
        return
    mirror = config["downloads"]["mirror"] or ""
    text = describe(missing, folder=DOWNLOADS, mirror=mirror)
    if config["downloads"]["offline"] and not os.path.isdir(mirror):
        raise WorkflowError(
            f"downloads.offline is set, but files of dataset {DATASET} are missing. Put them there, "
            f"or set downloads.mirror to a folder that has them:\n{text}"
        )
    logger.info(f"To download for dataset {DATASET}, as far as the targets need it: {text}")
