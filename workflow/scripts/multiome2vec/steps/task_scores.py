"""Step: how well the trained models predict and match, in one table."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from multiome2vec.io.atomic import write_tsv


def task_scores(*, scores: list[str], runs: list[list], out: str) -> None:
    """Write one row per model, seed, direction and what is scored.

    Parameters
    ----------
    scores
        JSON files of the tasks ``predict``, ``match`` and ``reconstruct``.
    runs
        Model and seed of each file.
    out
        ``tasks.tsv``: ``model``, ``seed``, ``direction`` (``rna_to_atac`` of a prediction,
        ``rna_atac`` of a match, ``rna`` of a reconstruction), ``of`` (``model``; ``baseline``, the
        mean over the training cells; ``latent`` or ``projection``, the space of a match),
        ``n_cells`` scored, and the scores, empty where they do not apply or are undefined.
    """
    rows = []
    for path, (model, seed) in zip(scores, runs, strict=True):
        found = json.loads(Path(path).read_text())
        rows += [{"model": model, "seed": seed, **row} for row in _rows(found)]
    columns = ["model", "seed", "direction", "of", "n_cells"]
    table = pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)
    write_tsv(table.sort_values(columns[:3], kind="stable").round(4), out, index=False)


def _rows(found: dict[str, dict]) -> Iterator[dict]:
    """One row per direction and thing scored; a direction without scores has one too."""
    for direction, result in found.items():
        first = {"direction": direction, "of": None, "n_cells": result["n_cells"]}
        parts = {k: v for k, v in result.items() if isinstance(v, dict) and k != "undefined"}
        yield from (
            [first | {"of": name} | values for name, values in parts.items()] if parts else [first]
        )
