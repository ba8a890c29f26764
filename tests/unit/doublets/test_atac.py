import numpy as np
import pandas as pd
import pytest
from multiome2vec.doublets.atac import score_atac_doublets, select_tiles, tile_places
from scipy import sparse
from sklearn.metrics import roc_auc_score

SINGLETS, DOUBLETS, TILES, TYPES = 240, 24, 1200, 3


@pytest.fixture(scope="module")
def planted():
    """Three types, each with 200 tiles of its own; doublets add two cells of different types."""
    rng = np.random.default_rng(0)
    rates = np.full((TYPES, TILES), 0.05)
    for kind in range(TYPES):
        rates[kind, kind * 200 : kind * 200 + 200] = 0.5
    types = rng.integers(TYPES, size=SINGLETS)
    singlets = rng.poisson(rates[types])
    first = rng.integers(SINGLETS, size=DOUBLETS)
    second = np.array([rng.choice(np.flatnonzero(types != types[cell])) for cell in first])
    counts = np.vstack([singlets, singlets[first] + singlets[second]]).astype(np.uint32)
    return sparse.csr_matrix(counts), np.arange(SINGLETS + DOUBLETS) >= SINGLETS


def names(n):
    return pd.Index([f"s#{i}" for i in range(n)])


def test_finds_planted_doublets_and_repeats(planted):
    counts, truth = planted
    found = score_atac_doublets(counts, cells=names(len(truth)), seed=0)
    assert roc_auc_score(truth, found["score"]) >= 0.95
    called = found["probability"] >= 0.5
    assert called[truth].mean() >= 0.8
    assert called[~truth].mean() <= 0.05
    again = score_atac_doublets(counts, cells=names(len(truth)), seed=0)
    pd.testing.assert_frame_equal(found, again)


@pytest.mark.parametrize("part", [(slice(0, 20), slice(None)), (slice(None), slice(0, 20))])
def test_too_few_cells_or_tiles_are_not_scored(planted, part, caplog):
    counts = planted[0][part[0]][:, part[1]]
    with caplog.at_level("INFO"):
        assert score_atac_doublets(counts, cells=names(counts.shape[0]), seed=0) is None
    assert "not scored" in caplog.text


def test_selected_tiles_agree_with_snapatac2(planted):
    import anndata as ad
    import snapatac2 as snap

    counts = planted[0].copy()
    counts[:, :100] = 0  # tiles without counts
    counts.eliminate_zeros()
    total = np.asarray(counts.sum(axis=0)).ravel()
    expected = snap.pp.select_features(ad.AnnData(counts), inplace=False, verbose=False)
    found = select_tiles(counts)
    assert (np.diff(found) > 0).all()
    np.testing.assert_array_equal(np.sort(total[found]), np.sort(total[expected]))


def test_places_of_tiles_are_those_of_snapatac2(tmp_path):
    import snapatac2 as snap

    sizes = pd.Series({"chr1": 1600, "chrY": 3000, "chrM": 900, "chr2": 1000})
    rows = [(chrom, 100, 300, f"bc{i}", 1) for i in range(5) for chrom in sizes.index]
    path = tmp_path / "fragments.tsv.gz"
    pd.DataFrame(sorted(rows)).to_csv(path, sep="\t", header=False, index=False)
    data = snap.pp.import_fragments(
        path, chrom_sizes=sizes.to_dict(), min_num_fragments=0, sorted_by_barcode=False
    )
    tiles = snap.pp.add_tile_matrix(data, exclude_chroms=["chrM", "chrY", "Y"], inplace=False)
    places = tile_places(sizes, mitochondrion="chrM")
    expected = tiles.var_names.to_series().str.extract(r"(.+):(\d+)-(\d+)")
    assert places["chrom"].tolist() == expected[0].tolist()
    assert places["start"].tolist() == expected[1].astype(int).tolist()
    last = np.minimum(places["end"], places["chrom"].astype(str).map(sizes))
    assert last.tolist() == expected[2].astype(int).tolist()
