"""Step: what a run was made with."""

import shutil
from importlib.metadata import distributions
from pathlib import Path

import pandas as pd
import yaml

from multiome2vec.io.atomic import atomic_path, write_tsv


def provenance(*, sheet: str, config: dict, out_config: str, out_sheet: str, software: str) -> None:
    """Write the resolved configuration, the sample sheet and the installed packages."""
    with atomic_path(out_config) as partial:
        partial.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    with atomic_path(out_sheet) as partial:
        shutil.copyfile(Path(sheet), partial)
    found = {dist.metadata["Name"].lower(): dist.version for dist in distributions()}
    table = pd.Series(found, name="version").sort_index().rename_axis("package")
    write_tsv(table.to_frame(), software)
