"""Step: all embeddings of a dataset side by side."""

import json
from pathlib import Path

import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import save_figure, write_tsv
from multiome2vec.plots.leaderboard import leaderboard_figure

#: what decides the order: the first of these that there is
RANKED_BY = (f"{keys.TRUE_TYPE}_ari", f"{keys.LABEL}_ari", f"{keys.LABEL}_nmi")
#: entries of the JSON that are not scores
COUNTS = ("n_cells", "n_batches", "left_out")
N_CELLS = "n_cells"  # embedded; of a mosaic, baselines see only the cells that have their modality


def leaderboard(*, scores: list[str], table: str, figure: str) -> None:
    """Write one row per model: mean and standard deviation of each score over seeds.

    Parameters
    ----------
    scores
        JSON files of single embeddings.
    table, figure
        ``leaderboard.tsv``, best model first, and its picture. The standard deviation is empty for
        a single seed.
    """
    runs = pd.DataFrame([flat(json.loads(Path(path).read_text())) for path in scores])
    groups = runs.drop(columns=["seed", N_CELLS]).groupby("model")
    mean, spread = groups.mean(), groups.std(ddof=1)
    embedded = runs.groupby("model")[N_CELLS].first()
    found = pd.DataFrame({"n_seeds": groups.size(), N_CELLS: embedded})
    for name in mean.columns:
        found[name], found[f"{name}_sd"] = mean[name], spread[name]
    order = next((name for name in RANKED_BY if name in mean), None)
    found = found.sort_values(order, ascending=False) if order else found.sort_index()
    write_tsv(found.round(4), table)
    save_figure(leaderboard_figure(mean.loc[found.index], spread.loc[found.index]), figure)


def flat(result: dict) -> dict:
    """Scores of one embedding as one row: ``<class>_<metric>``, then batch and pseudotime.

    Of a mosaic also ``<class>_<metric>_<kind>`` and ``kinds_<metric>``.
    """
    row = {name: result[name] for name in ("model", "seed", N_CELLS)}
    for name, found in result["against"].items():
        row |= {f"{name}_{metric}": value for metric, value in _scores(found).items()}
    for name, found in result.get("kinds", {}).get("against", {}).items():
        for kind, scores in found.items():
            row |= {f"{name}_{metric}_{kind}": value for metric, value in scores.items()}
    mixing = result.get("kinds", {}).get("mixing", {})
    row |= {f"kinds_{metric}": value for metric, value in mixing.items()}
    for name in ("batch", "trajectory", "phase"):
        row |= _scores(result.get(name, {}))
    return row


def _scores(found: dict) -> dict:
    return {name: value for name, value in found.items() if name not in COUNTS}
