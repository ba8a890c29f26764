"""Step: what a run was made with."""

import shutil
from importlib.metadata import distributions
from pathlib import Path

import pandas as pd
import yaml

from multiome2vec.io.atomic import atomic_path, write_tsv


def provenance(
    *,
    sheet: str,
    config: dict,
    left_out: list[tuple[str, str]],
    out_config: str,
    out_sheet: str,
    software: str,
    out_left_out: str,
) -> None:
    """Write the configuration, the sample sheet, the installed packages, and what is left out."""
    with atomic_path(out_config) as partial:
        partial.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    with atomic_path(out_sheet) as partial:
        shutil.copyfile(Path(sheet), partial)
    found = {dist.metadata["Name"].lower(): dist.version for dist in distributions()}
    table = pd.Series(found, name="version").sort_index().rename_axis("package")
    write_tsv(table.to_frame(), software)
    write_tsv(pd.DataFrame(left_out, columns=["left out", "why"]), out_left_out, index=False)
