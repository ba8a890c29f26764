"""Region sets: names, and BED files in the layout that scenicplus reads."""

from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import atomic_path
from multiome2vec.io.file_names import file_names
from multiome2vec.io.regions import region_names

NAMES = "names.tsv"  # names of the sets whose BED files have others, made safe


def write_sets(sets: dict[str, np.ndarray], regions: pd.DataFrame, folder: str | Path) -> None:
    """Write one BED file per set and the table of their names, whole folder at once.

    Parameters
    ----------
    sets
        By name: mask of its regions; sets without a region are left out.
    regions
        Columns chrom, start, end; index the regions' names.
    folder
        Of the files, such as ``region_sets/dars``.
    """
    columns = [keys.CHROM, keys.START, keys.END]
    with atomic_path(folder) as partial:
        partial.mkdir()
        some = [name for name, mask in sets.items() if mask.any()]
        stems = file_names(some)
        table = pd.DataFrame({"file": [f"{stem}.bed" for stem in stems], "region_set": some})
        table.to_csv(partial / NAMES, sep="\t", index=False, lineterminator="\n")
        for name, stem in zip(some, stems, strict=True):
            table = regions.loc[sets[name], columns].sort_values(columns)
            table = table.assign(name=region_names(table))
            table.to_csv(
                partial / f"{stem}.bed", sep="\t", header=False, index=False, lineterminator="\n"
            )


def read_sets(folder: str | Path) -> dict[str, list[str]]:
    """Names of the regions (``chrom:start-end``) of each set of a folder of BED files.

    A set has the name that ``names.tsv`` states, else that of its file.
    """
    found, names = {}, {}
    if Path(folder, NAMES).is_file():
        table = pd.read_csv(Path(folder, NAMES), sep="\t", dtype=str, keep_default_na=False)
        names = table.set_index("file")["region_set"].to_dict()
    for path in sorted(Path(folder).glob("*.bed")):
        table = pd.read_csv(path, sep="\t", header=None, dtype=str, comment="#")
        found[names.get(path.name, path.stem)] = (
            table[0] + ":" + table[1] + "-" + table[2]
        ).tolist()
    return found
