import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io import rankings_database
from multiome2vec.io.rankings_database import RankingsDatabase, write_database
from pyarrow import feather

REGIONS = pd.Index([f"chr{1 + i // 5}:{100 * i}-{100 * i + 50}" for i in range(10)])
MOTIFS = pd.Index([f"m{i}" for i in range(150)])


@pytest.fixture
def ranks():
    rng = np.random.default_rng(0)
    return rng.permuted(np.tile(np.arange(10, dtype=np.int16)[:, None], 150), axis=0)


@pytest.fixture
def path(tmp_path, ranks):
    path = tmp_path / "x.regions_vs_motifs.rankings.feather"
    write_database(path, ranks, regions=REGIONS, motifs=MOTIFS)
    return path


def test_wanted_columns_by_blocks_of_motifs(path, ranks, tmp_path, monkeypatch):
    monkeypatch.setattr(rankings_database, "SLAB_BYTES", 2 * 150 * 3)  # three regions at once
    database = RankingsDatabase(path)
    assert database.regions.index.equals(REGIONS)
    assert database.regions.loc[REGIONS[7]].tolist() == ["chr2", 700, 750]
    assert database.motifs.equals(MOTIFS)
    wanted = np.array([0, 2, 3, 7, 9])
    slices, blocks = zip(*database.gather(wanted, tmp_path / "scratch").blocks(), strict=True)
    assert [(part.start, part.stop) for part in slices] == [(0, 64), (64, 128), (128, 150)]
    assert np.array_equal(np.concatenate(blocks, axis=1), ranks[wanted])
    assert blocks[0].dtype == np.int16


@pytest.mark.parametrize("name", ["motifs", "tracks", "features"])
def test_names_of_motifs_may_be_the_first_column_under_older_names(tmp_path, ranks, name):
    columns = {name: list(MOTIFS)} | {
        f"cell__{region}": row.astype(np.int32) for region, row in zip(REGIONS, ranks, strict=True)
    }
    feather.write_feather(pa.table(columns), str(tmp_path / "x.feather"), compression="lz4")
    database = RankingsDatabase(tmp_path / "x.feather")
    assert database.regions.index.equals(REGIONS)
    ((_, block), *_) = database.gather(np.array([1, 4]), tmp_path / "scratch").blocks()
    assert np.array_equal(block, ranks[[1, 4], :64])


def test_scores_are_another_kind(tmp_path, ranks):
    path = tmp_path / "x.scores.feather"
    write_database(path, ranks.astype(np.float32), regions=REGIONS, motifs=MOTIFS)
    ((_, block), *_) = (
        RankingsDatabase(path, kind="scores").gather(np.arange(10), tmp_path / "scratch").blocks()
    )
    assert np.array_equal(block, ranks[:, :64])
    with pytest.raises(UserError, match=r"holds scores, not rankings \(int16 or int32\)"):
        RankingsDatabase(path)


def test_ranks_must_be_those_of_all_regions(tmp_path, ranks):
    path = tmp_path / "x.feather"
    write_database(path, ranks[:9], regions=REGIONS[:9], motifs=MOTIFS)
    with pytest.raises(UserError, match="ranks go from 0 to 9, but the file has 9 regions"):
        RankingsDatabase(path).gather(np.arange(9), tmp_path / "scratch")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"chr1:1-2": [1], "regions": ["a"]}, "has regions or genes as rows"),
        ({"chr1:1-2": [1], "chr1:2-3": [2]}, "has no column motifs"),
        ({"chr1:1-2": [1], "motifs": ["a"]}, "holds columns of type int64, not rankings"),
        ({"motifs": ["a"]}, "has no region"),
        ({"Spi1": np.array([1], np.int16), "motifs": ["a"]}, "'Spi1' is not a region"),
    ],
)
def test_other_tables_are_refused(tmp_path, columns, message):
    feather.write_feather(pa.table(columns), str(tmp_path / "x.feather"))
    with pytest.raises(UserError, match=message):
        RankingsDatabase(tmp_path / "x.feather")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"motif\tregion\n", "is no cisTarget database"), (b"FEA1....FEA1", "Feather version 1")],
)
def test_other_files_are_refused(tmp_path, content, message):
    (tmp_path / "x.feather").write_bytes(content)
    with pytest.raises(UserError, match=message):
        RankingsDatabase(tmp_path / "x.feather")
    with pytest.raises(UserError, match="does not exist"):
        RankingsDatabase(tmp_path / "y.feather")
