import json
import logging

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.rankings_database import RankingsDatabase, write_database
from multiome2vec.io.score_store import ScoreStore, create_store
from multiome2vec.motifs.best import rankings
from multiome2vec.steps.motif_enrichment import motif_enrichment
from multiome2vec.steps.pycistarget_inputs import own_database, pycistarget_inputs
from multiome2vec.steps.pycistarget_tables import pycistarget_tables

N = 2000  # regions of the database, 200 bp, on two chromosomes
GENOME = pd.DataFrame(
    {"chrom": np.where(np.arange(N) < 1000, "chr1", "chr2"), "start": 1000 * (np.arange(N) % 1000)}
)
GENOME["end"] = GENOME["start"] + 200
MOTIFS = pd.Index([f"metacluster_{i}" for i in range(40)])
OUTPUTS = ("enrichment", "dem", "cistromes")
PLANTED = {"dars/a": 3, "dars/b": 17}  # motif of each set
FACTORS = "motif\ttf\tannotation\nmetacluster_3\tSPI1\tdirect\nmetacluster_17\tCTCF\torthology\n"


def names(table):
    return pd.Index(
        table["chrom"] + ":" + table["start"].astype(str) + "-" + table["end"].astype(str)
    )


@pytest.fixture
def data(tmp_path):
    """80 own regions (shifted by 90 bp against every tenth of the database), two sets of 40."""
    rng = np.random.default_rng(0)
    theirs = np.arange(0, 800, 10)
    own = GENOME.loc[theirs].copy()
    own[["start", "end"]] += 90
    sets = {"dars/a": np.arange(40), "dars/b": np.arange(40, 80)}
    scores = rng.gamma(2, size=(N, 40)).astype(np.float32)
    for name, motif in PLANTED.items():
        scores[theirs[sets[name][:30]], motif] += 20
    ranks = np.argsort(np.argsort(-scores, axis=0), axis=0).astype(np.int16)
    write_database(tmp_path / "rankings.feather", ranks, regions=names(GENOME), motifs=MOTIFS)
    write_database(tmp_path / "scores.feather", scores, regions=names(GENOME), motifs=MOTIFS)
    (tmp_path / "factors.tsv").write_text(FACTORS)
    (tmp_path / "motifs.tsv").write_text(
        "motif\tname\ttfs\tfamily\ttfs_orthology\nMA1\tGATA1\tGATA1\t\t\n"
    )
    (store,) = create_store(
        tmp_path / "best.zarr", regions=names(own), motifs=pd.Index(["MA1"]), limits=[5]
    )
    store[:] = rng.normal(size=(80, 1))
    gc = pd.DataFrame({"gc": rng.uniform(0.4, 0.6, 80)}, index=names(own))
    ad.AnnData(np.zeros((80, 1)), obs=gc).write_h5ad(tmp_path / "scores.h5ad")
    (tmp_path / "sets" / "dars").mkdir(parents=True)
    for name, members in sets.items():
        own.iloc[members].to_csv(
            tmp_path / "sets" / f"{name}.bed", sep="\t", header=False, index=False
        )
    return tmp_path


def run(data, **given):
    motif_enrichment(
        scores=None if {"rankings", "scores"} <= set(given) else str(data / "best.zarr"),
        matches=str(data / "scores.h5ad"),
        annotation=str(data / "motifs.tsv"), folders={"dars": str(data / "sets" / "dars")},
        promoters=None, out={name: str(data / f"out.{name}") for name in OUTPUTS},
        thresholds={"min_nes": 3.0, "max_padj": 0.05, "min_log2fc": 1.0}, seed=0,
        given={name: str(data / file) for name, file in given.items()},
    )  # fmt: skip
    tables = [pd.read_csv(data / f"out.{name}", sep="\t") for name in ("enrichment", "dem")]
    return *tables, ad.read_h5ad(data / "out.cistromes")


def test_planted_motifs_are_found_and_mapped_back(data):
    table, dem, found = run(
        data, rankings="rankings.feather", scores="scores.feather", factors="factors.tsv"
    )
    best = table.groupby("region_set")["motif"].first()
    assert best.to_dict() == {"a": "metacluster_3", "b": "metacluster_17"}
    assert set(table["tfs"].fillna("") + table["tfs_orthology"].fillna("")) >= {"SPI1", "CTCF"}
    planted = table.set_index(["region_set", "motif"]).loc[("a", "metacluster_3")]
    assert planted["n_hits"] in range(27, 34)
    assert dem[["region_set", "motif"]].to_numpy().tolist() == [
        ["a", "metacluster_3"],
        ["b", "metacluster_17"],
    ]
    assert found.var_names.tolist() == ["CTCF_orthology", "SPI1_direct"]
    mine = found.obs_names[found[:, "SPI1_direct"].X.toarray().ravel() > 0]
    assert mine.isin(found.obs_names[:40]).all()  # of the set, as regions of the dataset
    assert len(mine) == planted["n_hits"]
    assert mine.isin(found.obs_names[:30]).mean() > 0.9


def test_motifs_without_factors_have_no_cistromes(data, caplog):
    with caplog.at_level(logging.WARNING):
        table, dem, found = run(data, rankings="rankings.feather")
    assert "motifs.tsv has none of the database's motifs (such as metacluster_0)" in caplog.text
    assert table.loc[0, ["motif", "name"]].tolist() == ["metacluster_3"] * 2
    assert found.shape == (80, 0)
    assert set(dem["motif"]) <= {"MA1"}  # DEM stays on the dataset's own scores


def test_other_names_of_chromosomes(data):
    other = names(GENOME.assign(chrom=GENOME["chrom"].str.removeprefix("chr")))
    ranks = np.tile(np.arange(N, dtype=np.int16)[:, None], 40)
    write_database(data / "other.feather", ranks, regions=other, motifs=MOTIFS)
    message = r"none of its regions \(such as 1:0-200\) overlaps .* \(such as chr1:90-290\).*named"
    with pytest.raises(UserError, match=message):
        run(data, rankings="other.feather")


def test_a_set_outside_the_database_is_left_out(data, caplog):
    ranks = np.tile(np.arange(1000, dtype=np.int16)[:, None], 40)
    away = np.r_[0:300, 1300:N]  # none of set b
    write_database(data / "part.feather", ranks, regions=names(GENOME.iloc[away]), motifs=MOTIFS)
    with caplog.at_level(logging.WARNING):
        run(data, rankings="part.feather")
    assert "no region in the database, left out: dars/b" in caplog.text


def test_a_tiny_database_is_refused(data):
    ranks = np.tile(np.arange(900, dtype=np.int16)[:, None], 40)
    write_database(data / "tiny.feather", ranks, regions=names(GENOME.iloc[:900]), motifs=MOTIFS)
    with pytest.raises(UserError, match="has 900 regions"):
        run(data, rankings="tiny.feather")


def test_pycistarget_gets_the_same_ranks_and_backgrounds(data, tmp_path):
    pycistarget_inputs(
        scores=str(data / "best.zarr"), matches=str(data / "scores.h5ad"),
        folders={"dars": str(data / "sets" / "dars")}, promoters=None, given={},
        out=str(data / "inputs"), seed=0,
    )  # fmt: skip
    database = RankingsDatabase(own_database(data / "inputs", "rankings"))
    ((_, ranks),) = database.gather(np.arange(80), tmp_path / "scratch").blocks()
    scores = ScoreStore(data / "best.zarr")
    ((_, expected),) = scores.blocks()
    assert np.array_equal(ranks, rankings(expected, rng=np.random.default_rng([0, 0])))
    database = RankingsDatabase(own_database(data / "inputs", "scores"), kind="scores")
    ((_, above),) = database.gather(np.arange(80), tmp_path / "scratch").blocks()
    assert np.array_equal(above, np.maximum(expected - 5, 0))
    found = json.loads((data / "inputs" / "sets.json").read_text())
    assert found["sets"]["dars/b"] == scores.regions[40:].tolist()
    assert set(found["backgrounds"]["dars/b"]) <= set(scores.regions[:40])
    assert found["limits"] == [50 / 80, 50 / 80]


def test_pycistarget_gets_no_sets_outside_the_database(data, caplog):
    ranks = np.tile(np.arange(1000, dtype=np.int16)[:, None], 40)
    away = np.r_[0:300, 1300:N]  # none of set b
    write_database(data / "part.feather", ranks, regions=names(GENOME.iloc[away]), motifs=MOTIFS)
    with caplog.at_level(logging.WARNING):
        pycistarget_inputs(
            scores=str(data / "best.zarr"), matches=str(data / "scores.h5ad"),
            folders={"dars": str(data / "sets" / "dars")}, promoters=None,
            given={"rankings": str(data / "part.feather")}, out=str(data / "inputs"), seed=0,
        )  # fmt: skip
    found = json.loads((data / "inputs" / "sets.json").read_text())
    assert set(found["sets"]) - set(found["ranked"]) == {"dars/b"}
    assert "no region in the database, left out: dars/b" in caplog.text


def test_no_sets_at_all(data):
    for path in (data / "sets" / "dars").glob("*.bed"):
        path.unlink()
    found = run(data, rankings="rankings.feather", scores="scores.feather")
    assert all(len(table) == 0 for table in found[:2])


def test_what_pycistarget_finds_is_named_and_mapped(data):
    regions = ScoreStore(data / "best.zarr").regions
    (data / "found").mkdir()
    (data / "found" / "cistarget.tsv").write_text(
        "region_set\tmotif\tnes\tauc\trank_at_max\tn_hits\ndars/a\tmetacluster_3\t5.5\t0.1\t9\t2\n"
    )
    (data / "found" / "dem.tsv").write_text(
        "region_set\tmotif\tlog2fc\tpadj\tmean_foreground\tmean_background\n"
        "dars/b\tMA1\t1.5\t0.01\t3\t1\n"
    )
    edges = {"dars/a": {"metacluster_3": [regions[4], regions[2]]}}
    (data / "found" / "edges.json").write_text(json.dumps(edges))
    given = {"rankings": "rankings.feather", "factors": "factors.tsv"}
    pycistarget_tables(
        found=str(data / "found"), matches=str(data / "scores.h5ad"),
        annotation=str(data / "motifs.tsv"),
        given={name: str(data / file) for name, file in given.items()},
        out={name: str(data / f"out.{name}") for name in OUTPUTS},
    )  # fmt: skip
    table = pd.read_csv(data / "out.enrichment", sep="\t")
    assert table.loc[0, ["kind", "region_set", "tfs"]].tolist() == ["dars", "a", "SPI1"]
    dem = pd.read_csv(data / "out.dem", sep="\t")
    assert dem.loc[0, ["motif", "tfs", "padj"]].tolist() == ["MA1", "GATA1", 0.01]
    assert dem["pvalue"].isna().all()
    found = ad.read_h5ad(data / "out.cistromes")
    assert found.obs_names[found[:, "SPI1_direct"].X.toarray().ravel() > 0].tolist() == [
        regions[2],
        regions[4],
    ]
