import numpy as np
import pandas as pd
from multiome2vec.io import score_store
from multiome2vec.io.score_store import SCORES, SHUFFLED, ScoreStore, create_store


def test_written_by_regions_and_read_by_motifs(tmp_path, monkeypatch):
    monkeypatch.setattr(score_store, "CHUNK_REGIONS", 7)
    monkeypatch.setattr(score_store, "CHUNK_MOTIFS", 3)
    scores = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
    regions = pd.Index([f"chr1:{i}-{i + 1}" for i in range(20)])
    motifs = pd.Index([f"MA{i}" for i in range(8)])
    array, other = create_store(
        tmp_path / "s.zarr", regions=regions, motifs=motifs, limits=range(8),
        names=(SCORES, SHUFFLED),
    )  # fmt: skip
    for start in range(0, 20, 7):
        array[start : start + 7] = scores[start : start + 7]
    other[:] = -scores
    store = ScoreStore(tmp_path / "s.zarr")
    assert list(store.regions) == list(regions)
    assert list(store.motifs) == list(motifs)
    assert store.limits.tolist() == list(range(8))
    blocks = list(store.blocks())
    assert [(s.start, s.stop) for s, _ in blocks] == [(0, 3), (3, 6), (6, 8)]
    np.testing.assert_array_equal(np.hstack([block for _, block in blocks]), scores)
    np.testing.assert_array_equal(store.block(slice(3, 6), SHUFFLED), -scores[:, 3:6])
