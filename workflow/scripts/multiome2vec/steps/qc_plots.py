"""Figures of quality control."""

import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import save_figure
from multiome2vec.io.regions import read_cells
from multiome2vec.plots.qc import atac_figure, joint_figure, rna_figure


def plot_rna(*, barcodes: str, limits: dict[str, str], out: str) -> None:
    """Draw RNA metrics.

    Parameters
    ----------
    barcodes
        ``qc/barcodes.pre.tsv``.
    limits
        ``rna_limits.tsv`` by sample.
    out
        PNG.
    """
    table = read_cells(barcodes)
    save_figure(rna_figure(table[table[keys.IN_RNA]], limits=_read_limits(limits)), out)


def plot_atac(*, barcodes: str, limits: dict[str, str], profiles: dict[str, str], out: str) -> None:
    """Draw ATAC metrics.

    Parameters
    ----------
    barcodes
        ``qc/barcodes.pre.tsv``.
    limits, profiles
        ``atac_limits.tsv`` and ``atac_profile.tsv`` by sample.
    out
        PNG.
    """
    table = read_cells(barcodes)
    figure = atac_figure(
        table[table[keys.IN_ATAC]],
        limits=_read_limits(limits),
        profiles={sample: pd.read_csv(path, sep="\t") for sample, path in profiles.items()},
    )
    save_figure(figure, out)


def plot_joint(*, barcodes: str, out: str) -> None:
    """Draw RNA against ATAC of the barcodes that have both.

    Parameters
    ----------
    barcodes
        ``qc/barcodes.pre.tsv``.
    out
        PNG.
    """
    table = read_cells(barcodes)
    save_figure(joint_figure(table[table[keys.IN_RNA] & table[keys.IN_ATAC]]), out)


def _read_limits(paths: dict[str, str]) -> dict[str, pd.DataFrame]:
    return {
        sample: pd.read_csv(path, sep="\t", index_col="metric") for sample, path in paths.items()
    }
