"""Figures of the tiny run that a change of the code should not move unnoticed.

``python tests/golden/regenerate.py RUN`` writes them anew from the directory of a finished run of
tests/configs/tiny.yaml. Say in CHANGELOG.md why they moved.
"""

import json
import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

GOLDEN = Path(__file__).with_name("tiny.json")


def figures(run: Path) -> dict[str, float]:
    """Small figures of every step of a run."""
    results = run / "results" / "demo"
    barcodes = pd.read_csv(results / "qc/barcodes.tsv", sep="\t", index_col="cell")
    regions = ad.read_h5ad(results / "regions/regions.h5ad")
    topics = ad.read_h5ad(results / "topics/tomotopy/5/topics.h5ad").uns["topics"]
    deviations = ad.read_h5ad(results / "motifs/deviations.h5ad")
    rna = ad.read_h5ad(results / "annotation/rna.h5ad")
    history = pd.read_csv(results / "models/trivae/seed-0/history.tsv", sep="\t")
    return {
        "barcodes": len(barcodes),
        "cells": int(barcodes["keep"].sum()),
        "median_tsse": float(barcodes["tsse"].median()),
        "mean_doublet_score": float(barcodes["doublet_score"].mean()),
        "mean_frip": float(barcodes.loc[barcodes["keep"], "frip"].mean()),
        "genes": rna.n_vars,
        "rna_counts": int(rna.layers["counts"].sum()),
        "clusters": int(rna.obs["leiden"].nunique()),
        "regions": regions.n_vars,
        "region_counts": int(regions.X.sum()),
        "topic_log_likelihood": float(topics["log_likelihood"][-1]),
        "motifs": deviations.n_vars,
        "mean_abs_z": float(np.abs(deviations.X).mean()),
        "validation_loss": float(history["val_loss"].min()),
    }


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(figures(Path(sys.argv[1])), indent=1) + "\n")
