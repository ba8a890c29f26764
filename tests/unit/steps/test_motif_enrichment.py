"""motif_scores and motif_enrichment on a small genome with planted sites."""

import logging

import anndata as ad
import numpy as np
import pandas as pd
import pysam
import pytest
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.score_store import ScoreStore
from multiome2vec.motifs.best import best_scores
from multiome2vec.motifs.formats import read_motifs
from multiome2vec.motifs.scan import base_composition
from multiome2vec.steps import motif_scores as step
from multiome2vec.steps.motif_enrichment import motif_enrichment
from multiome2vec.steps.motif_scores import motif_scores

N, LENGTH = 240, 100
SITES = {"MA": "TGACTCATGG", "MB": "AGATAAGGCA"}
OWN = {"one": range(30), "two": range(30, 60), "three": range(60, 90)}
THRESHOLDS = {"min_nes": 3.0, "max_padj": 0.05, "min_log2fc": 1.0}


def jaspar(name, site):
    rows = [" ".join("20" if letter == base else "1" for letter in site) for base in "ACGT"]
    return (
        "\n".join([f">{name} {name}"] + [f"{b} [ {r} ]" for b, r in zip("ACGT", rows, strict=True)])
        + "\n"
    )


def name_of(number):
    return f"chr1:{LENGTH * number}-{LENGTH * number + LENGTH}"


@pytest.fixture
def data(tmp_path):
    """240 regions; sites of MA in those of set one, of MB in those of set two; 30 other motifs."""
    rng = np.random.default_rng(0)
    text = rng.choice(list("ACGT"), N * LENGTH)
    for site, regions in zip(SITES.values(), OWN.values(), strict=False):
        for number in regions:
            text[number * LENGTH + 40 : number * LENGTH + 50] = list(site)
    (tmp_path / "genome.fa").write_text(">chr1\n" + "".join(text) + "\n")
    pysam.faidx(str(tmp_path / "genome.fa"))
    bed = "".join(f"chr1\t{LENGTH * i}\t{LENGTH * i + LENGTH}\n" for i in range(N))
    (tmp_path / "regions.bed").write_text(bed)
    motifs = SITES | {f"M{i}": "".join(rng.choice(list("ACGT"), 10)) for i in range(30)}
    (tmp_path / "motifs.jaspar").write_text("".join(jaspar(*both) for both in motifs.items()))
    table = pd.DataFrame({"motif": list(motifs), "name": list(motifs)})
    table["tfs"] = table["name"].map({"MA": "FOS", "MB": "GATA1"}).fillna("")
    table["tfs_orthology"] = ""
    table.to_csv(tmp_path / "motifs.tsv", sep="\t", index=False)
    for name, regions in OWN.items():
        (tmp_path / "dars").mkdir(exist_ok=True)
        rows = "".join(f"chr1\t{LENGTH * i}\t{LENGTH * i + LENGTH}\n" for i in regions)
        (tmp_path / "dars" / f"{name}.bed").write_text(rows)
    regions = pd.DataFrame({"gc": 0.5}, index=[name_of(i) for i in range(N)])
    ad.AnnData(np.zeros((N, 1)), obs=regions).write_h5ad(tmp_path / "matches.h5ad")
    rows = "".join(f"chr1\t{8500 + i}\t{9501 + i}\n" for i in range(9))
    (tmp_path / "promoters.bed").write_text(rows)
    return tmp_path


def score(data, name="scores.zarr", threads=1, shuffle_seed=None):
    motif_scores(
        regions=str(data / "regions.bed"), genome=str(data / "genome.fa"),
        motifs=str(data / "motifs.jaspar"), out=str(data / name), pvalue=1e-4, threads=threads,
        shuffle_seed=shuffle_seed,
    )  # fmt: skip
    return data / name


def enrich(data, *, folder="out", background="other_sets", **changed):
    out = {name: str(data / f"{folder}.{name}") for name in ("enrichment", "dem", "cistromes")}
    motif_enrichment(
        scores=str(data / "scores.zarr"), matches=str(data / "matches.h5ad"),
        annotation=str(data / "motifs.tsv"), folders={"dars": str(data / "dars")},
        promoters=str(data / "promoters.bed"), out=out, thresholds=THRESHOLDS | changed, seed=0,
        background=background,
    )  # fmt: skip
    tables = [pd.read_csv(out[name], sep="\t") for name in ("enrichment", "dem")]
    return *tables, ad.read_h5ad(out["cistromes"])


def test_blocks_of_regions_make_no_difference(data, monkeypatch):
    monkeypatch.setattr(step, "CHUNK_REGIONS", 50)
    store = ScoreStore(score(data, threads=2))
    ((_, found),) = store.blocks()
    text = (data / "genome.fa").read_text().split("\n")[1]
    sequences = [text[LENGTH * i : LENGTH * i + LENGTH] for i in range(N)]
    collection = read_motifs(data / "motifs.jaspar")
    expected = best_scores(sequences, collection, background=base_composition(sequences))
    np.testing.assert_array_equal(found, expected)
    assert list(store.regions) == [name_of(i) for i in range(N)]
    assert list(store.motifs) == [motif.name for motif in collection]


def test_planted_motifs_their_targets_and_factors(data):
    score(data)
    enrichment, dem, cistromes = enrich(data)
    for table in (enrichment, dem):
        first = table.drop_duplicates("region_set").set_index("region_set")["motif"]
        assert (first["one"], first["two"]) == ("MA", "MB")
        assert set(table["kind"]) == {"dars"}
    assert set(enrichment["motif"]) == {"MA", "MB"}
    assert (enrichment["nes"] >= 3).all()
    assert (dem["padj"] <= 0.05).all()
    assert set(cistromes.var_names) == {"FOS_direct", "GATA1_direct"}
    targets = cistromes.obs_names[cistromes[:, "FOS_direct"].X.toarray().ravel() > 0]
    assert len(set(targets) & {name_of(i) for i in OWN["one"]}) >= 28
    assert set(targets) <= {name_of(i) for i in OWN["one"]}


def test_shuffled_sequences_as_background(data):
    """Of all sets, whatever the other sets are, and without the sites."""
    for name in ("one", "two"):
        (data / "dars" / f"other_{name}.bed").write_bytes((data / f"dars/{name}.bed").read_bytes())
    score(data, shuffle_seed=3)
    enrichment, dem, _ = enrich(data, background="shuffled")
    found = dem.groupby("region_set")["motif"].agg(set)
    assert found.to_dict() == {
        "one": {"MA"}, "other_one": {"MA"}, "two": {"MB"}, "other_two": {"MB"}
    }  # fmt: skip
    assert set(enrichment["motif"]) == {"MA", "MB"}


def test_runs_repeat(data):
    score(data)
    enrich(data, folder="one")
    enrich(data, folder="two")
    for name in ("enrichment", "dem"):
        assert (data / f"one.{name}").read_bytes() == (data / f"two.{name}").read_bytes()


def test_nothing_is_enriched(data):
    score(data)
    enrichment, dem, cistromes = enrich(data, min_nes=50.0, min_log2fc=90.0)
    assert len(enrichment) == len(dem) == cistromes.n_vars == 0
    assert {"kind", "region_set", "motif", "nes", "n_hits"} <= set(enrichment)


def test_no_sets_at_all(data):
    for path in (data / "dars").iterdir():
        path.unlink()
    score(data)
    enrichment, dem, cistromes = enrich(data)
    assert len(enrichment) == len(dem) == cistromes.n_vars == 0


def test_a_set_too_small_for_a_comparison_is_named(data, caplog):
    (data / "dars" / "three.bed").write_text("chr1\t6000\t6100\n")
    score(data)
    with caplog.at_level(logging.WARNING):
        _, dem, _ = enrich(data)
    assert "left out, fewer than 10 regions: dars/three" in caplog.text
    assert set(dem["region_set"]) <= {"one", "two"}


def test_a_set_without_a_background_is_named(data, caplog):
    for name in ("two", "three"):
        (data / "dars" / f"{name}.bed").unlink()
    score(data)
    with caplog.at_level(logging.WARNING):
        enrichment, dem, _ = enrich(data)
    assert "DEM leaves out dars/one: 30 regions, 0 in the background" in caplog.text
    assert len(dem) == 0
    assert set(enrichment["motif"]) == {"MA"}


def test_a_threshold_that_few_motifs_cannot_reach_is_told(data, caplog):
    score(data)
    with caplog.at_level(logging.WARNING):
        enrich(data, min_nes=6.0)
    assert "With 32 motifs no score is above 5.6" in caplog.text


def test_regions_of_another_run_are_refused(data):
    (data / "dars" / "three.bed").write_text("chr1\t6001\t6101\n")
    score(data)
    with pytest.raises(UserError, match=r"three.bed: chr1:6001-6101 is no consensus region"):
        enrich(data)


def test_scores_of_other_regions_are_refused(data):
    score(data)
    matches = ad.read_h5ad(data / "matches.h5ad")
    matches[1:].copy().write_h5ad(data / "matches.h5ad")
    with pytest.raises(ContractError, match="not of the consensus regions"):
        enrich(data)
