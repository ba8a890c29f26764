"""Scores of a finished demo run against the planted truth."""

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

RECIPROCAL_OVERLAP = 0.5
#: a cluster stands for every type that makes up at least this share of its cells
SHARE_OF_CLUSTER = 0.1


def read(path: Path, **options) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", keep_default_na=False, **options)


def doublet_auc(run: Path) -> dict[str, float]:
    """AUC of the RNA doublet score of singlets against heterotypic and against all doublets."""
    truth = read(run / "resources/downloads/demo/truth/cells.tsv", index_col="cell")
    table = pd.read_csv(run / "results/demo/qc/barcodes.pre.tsv", sep="\t", index_col="cell")
    scored = table["doublet_score"].dropna()
    kind = truth.loc[scored.index, "true_doublet"]
    heterotypic = kind.isin(["singlet", "heterotypic"])
    return {
        "heterotypic": roc_auc_score(kind[heterotypic] != "singlet", scored[heterotypic]),
        "all": roc_auc_score(kind != "singlet", scored),
    }


def overlaps(found: pd.DataFrame, planted: pd.DataFrame) -> np.ndarray:
    """Pairs (row of found, row of planted) with at least 50 % reciprocal overlap."""
    pairs = []
    for chrom, mine in planted.groupby("chrom"):
        other = found[found["chrom"] == chrom]
        start = np.maximum.outer(other["start"].to_numpy(), mine["start"].to_numpy())
        end = np.minimum.outer(other["end"].to_numpy(), mine["end"].to_numpy())
        longer = np.maximum.outer(
            (other["end"] - other["start"]).to_numpy(), (mine["end"] - mine["start"]).to_numpy()
        )
        rows, columns = np.nonzero(end - start >= RECIPROCAL_OVERLAP * longer)
        pairs.append(np.stack([other.index[rows], mine.index[columns]], axis=1))
    return np.concatenate(pairs)


def peaks_per_type(run: Path) -> pd.DataFrame:
    """Recall and precision of the regions called in the clusters of each type.

    A type's regions are the consensus regions supported by a cluster that it makes up a tenth of or
    more; a region is right if it overlaps a planted one that is accessible in any type of those
    clusters.
    """
    results = run / "results/demo"
    truth = read(run / "resources/downloads/demo/truth/cells.tsv", index_col="cell")
    planted = read(run / "resources/downloads/demo/truth/regions.tsv")
    accessible = planted["types"].str.split(",").map(set)
    columns = ["chrom", "start", "end", "name", "score", "strand", "groups"]
    consensus = pd.read_csv(
        results / "peaks/macs3/consensus.bed", sep="\t", header=None, names=columns
    )
    support = consensus["groups"].str.split(",").map(set)
    groups = read(results / "peaks/macs3/groups.tsv", dtype=str).query("status == 'called'")
    types = types_of_clusters(read(results / "annotation/labels.tsv", index_col="cell"), truth)
    pairs = overlaps(consensus, planted)
    rows = {}
    for name in sorted(set().union(*accessible)):
        clusters = [label for label, those in types.items() if name in those]
        slugs = set(groups.loc[groups["label"].isin(clusters), "slug"])
        mine = support.map(lambda those, slugs=slugs: bool(those & slugs))
        right = set().union(*(types[label] for label in clusters))
        of_type = accessible.map(lambda those, name=name: name in those)
        of_any = accessible.map(lambda those, right=right: bool(those & right))
        hits = pairs[mine.to_numpy()[pairs[:, 0]]]
        found = np.isin(planted.index[of_type], hits[:, 1])
        good = np.isin(consensus.index[mine], hits[of_any.to_numpy()[hits[:, 1]], 0])
        rows[name] = {"recall": found.mean(), "precision": good.mean(), "clusters": len(clusters)}
    return pd.DataFrame(rows).T


def types_of_clusters(labels: pd.DataFrame, truth: pd.DataFrame) -> dict[str, set[str]]:
    """True types that make up at least a tenth of each cluster's singlets."""
    cells = labels.join(truth).query("true_doublet == 'singlet'")
    shares = pd.crosstab(cells["label"], cells["true_type"], normalize="index")
    return {label: set(row.index[row >= SHARE_OF_CLUSTER]) for label, row in shares.iterrows()}


def motif_ranks(run: Path) -> pd.DataFrame:
    """Planted factors of each type and the families in the first ranks of its mean deviation."""
    scores = ad.read_h5ad(run / "results/demo/motifs/deviations.h5ad")
    truth = read(run / "resources/downloads/demo/truth/cells.tsv", index_col="cell")
    tfs = read(run / "resources/downloads/demo/truth/tfs.tsv")
    family = families(tfs, scores.var["family"])
    cells = truth.loc[scores.obs_names]
    rows = {}
    for name in sorted(set(",".join(tfs["types"]).split(","))):
        mine = ((cells["true_type"] == name) & (cells["true_doublet"] == "singlet")).to_numpy()
        mean = np.asarray(scores.layers["deviation"][mine].mean(axis=0)).ravel()
        order = scores.var_names[np.argsort(-mean, kind="stable")]
        ranked = list(dict.fromkeys(family.get(motif, motif) for motif in order))
        planted = set(tfs.loc[tfs["types"].str.split(",").map(lambda t, n=name: n in t), "tf"])
        rows[name] = {"planted": planted, "first": ranked[: len(planted)]}
    return pd.DataFrame(rows).T


def families(tfs: pd.DataFrame, family_of: pd.Series) -> dict[str, str]:
    """By motif: the planted factor that it, its twins and its family stand for."""
    return {
        motif: row.tf
        for row in tfs.itertuples()
        for motif in [
            row.matrix_id, *row.twins.split(","), *family_of.index[family_of == row.family]
        ]
    }  # fmt: skip


def topic_auc(run: Path) -> dict[str, float]:
    """For each type the best AUC of one topic's share as a classifier of its cells."""
    kinds, theta = cells_with_topics(run)
    return {name: aucs(kinds == name, theta).max() for name in np.unique(kinds)}


def cells_with_topics(run: Path) -> tuple[np.ndarray, np.ndarray]:
    """True types and topic shares of the singlets that are not on the trajectory."""
    topics = ad.read_h5ad(run / "results/demo/topics/tomotopy/topics.h5ad")
    truth = read(run / "resources/downloads/demo/truth/cells.tsv", index_col="cell")
    cells = truth.loc[topics.obs_names]
    use = ((cells["true_doublet"] == "singlet") & (cells["on_trajectory"] != "True")).to_numpy()
    return cells["true_type"].to_numpy()[use], topics.obsm["X_topic"][use]


def aucs(positive: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """AUC of each topic's share as a classifier."""
    return np.array([roc_auc_score(positive, share) for share in theta.T])


def enrichment_ranks(run: Path) -> pd.DataFrame:
    """Where cisTarget ranks each planted family, 0 being first.

    Columns: ``dars``, the best rank in the differential regions of the clusters that are the
    factor's types (singlets), counting the families planted in such a cluster as one; ``topic``,
    the rank in the Otsu set of the topic that tells the factor's types from the others best.
    """
    results, downloads = run / "results/demo", run / "resources/downloads/demo"
    tfs = read(downloads / "truth/tfs.tsv")
    truth = read(downloads / "truth/cells.tsv", index_col="cell")
    motifs = read(results / "motifs/motifs.tsv", index_col="motif")
    family = families(tfs, motifs["family"])
    table = read(results / "motifs/lightmotif/enrichment.tsv", dtype={"region_set": str})
    ranked = {
        key: list(dict.fromkeys(family.get(motif, motif) for motif in rows["motif"]))
        for key, rows in table.groupby(["kind", "region_set"])
    }
    clusters = types_of_clusters(read(results / "annotation/labels.tsv", index_col="cell"), truth)
    planted = tfs.set_index("tf")["types"].str.split(",").map(set)
    kinds, theta = cells_with_topics(run)
    rows = {}
    for tf, types in planted.items():
        found = []
        for label, those in clusters.items():
            if those & types:
                also = [name for name in planted.index if name != tf and planted[name] & those]
                order = [name for name in ranked.get(("dars", label), []) if name not in also]
                found.append(order.index(tf) if tf in order else np.inf)
        topic = 1 + aucs(np.isin(kinds, list(types)), theta).argmax()
        order = ranked.get(("topics_otsu", f"Topic{topic}"), [])
        rows[tf] = {
            "types": ",".join(sorted(types)),
            "dars": min(found, default=np.inf),
            "topic": order.index(tf) if tf in order else np.inf,
        }
    return pd.DataFrame(rows).T


def summary(run: Path) -> dict:
    """All scores of a run."""
    board = read(run / "results/demo/evaluation/leaderboard.tsv", index_col="model")
    return {
        "doublets": doublet_auc(run),
        "peaks": peaks_per_type(run).round(3).to_dict("index"),
        "motifs": {
            name: {"planted": sorted(row["planted"]), "first": row["first"]}
            for name, row in motif_ranks(run).iterrows()
        },
        "topics": topic_auc(run),
        "enrichment": enrichment_ranks(run).to_dict("index"),
        "leaderboard": board.to_dict("index"),
    }
