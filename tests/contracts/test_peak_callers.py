"""Every peak caller: planted peaks are found, output is narrowPeak, runs repeat, failures tell."""

import numpy as np
import pandas as pd
import pytest
from installed import needs_macs2
from multiome2vec.errors import UserError
from multiome2vec.peaks.callers import CALLERS

MACS = {"qvalue": 0.05, "max_count": 1, "mode": "fragments", "shift": None, "extsize": None}
SETTINGS = {"macs2": MACS, "macs3": MACS}
INSTALLED = [pytest.param(n, marks=needs_macs2 if n == "macs2" else ()) for n in CALLERS.names()]
PLANTED = (20_000, 50_000, 80_000)
GENOME = 100_000


@pytest.fixture(scope="module")
def bulk(tmp_path_factory):
    """Fragments piled up at three places over a thin background."""
    rng = np.random.default_rng(0)
    centre = np.concatenate(
        [rng.integers(500, GENOME - 500, 400), *(rng.normal(p, 60, 150) for p in PLANTED)]
    ).astype(int)
    start = np.sort(centre) - rng.integers(30, 120, len(centre))
    table = pd.DataFrame(
        {"c": "chr1", "s": start, "e": start + 150, "b": np.arange(len(start)) % 50, "n": 1}
    )
    path = tmp_path_factory.mktemp("bulk") / "bulk.tsv"
    table.sort_values("s").to_csv(path, sep="\t", header=False, index=False)
    return path


def test_settings_are_known_for_every_caller():
    assert set(SETTINGS) == set(CALLERS.names())


@pytest.mark.parametrize("name", INSTALLED)
def test_planted_peaks_are_found_and_runs_repeat(name, bulk, tmp_path):
    texts = []
    for run in ("one", "two"):
        found = tmp_path / f"{run}.narrowPeak"
        CALLERS.get(name)(
            bulk, narrow_peak=found, name="T.s1", genome_size=GENOME, settings=SETTINGS[name]
        )
        texts.append(found.read_text())
    assert texts[0] == texts[1]
    peaks = pd.read_csv(tmp_path / "one.narrowPeak", sep="\t", header=None)
    assert peaks.shape[1] == 10
    assert peaks[3].str.startswith("T.s1_peak_").all()
    assert (peaks[1] < peaks[2]).all()
    assert (peaks[8] > -np.log10(SETTINGS[name]["qvalue"])).all()
    summits = (peaks[1] + peaks[9]).to_numpy()
    near = np.abs(summits[:, None] - np.array(PLANTED)) < 150
    assert near.any(axis=0).all()
    assert near.any(axis=1).mean() >= 0.75
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.narrowPeak", "two.narrowPeak"]


@pytest.mark.parametrize("name", INSTALLED)
def test_failure_is_passed_on(name, tmp_path):
    with pytest.raises(UserError, match="failed on the pseudobulk 'T.s1'"):
        CALLERS.get(name)(
            tmp_path / "missing.tsv",
            narrow_peak=tmp_path / "out.narrowPeak",
            name="T.s1",
            genome_size=GENOME,
            settings=SETTINGS[name],
        )
    assert list(tmp_path.iterdir()) == []
