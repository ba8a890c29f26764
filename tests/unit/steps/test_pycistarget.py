"""The engine pycistarget. The middle step runs where pycistarget does, the others without it."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.rankings_database import write_database
from multiome2vec.regulation import cistarget, dem
from multiome2vec.steps.pycistarget_inputs import own_database
from multiome2vec.steps.run_pycistarget import run_pycistarget

N = 2000
REGIONS = pd.Index([f"chr1:{1000 * i}-{1000 * i + 500}" for i in range(N)])
MOTIFS = pd.Index([f"m{i}" for i in range(60)])
THRESHOLDS = {"min_nes": 3.0, "max_padj": 0.05, "min_log2fc": 1.0}


@pytest.fixture
def planted(tmp_path):
    """Scores, ranks and sets, and the folder that the first step would write."""
    rng = np.random.default_rng(0)
    scores = np.maximum(rng.normal(size=(N, 60)), 0).astype(np.float32)
    sets = {"dars/a": np.arange(100), "dars/b": np.arange(50, 200)}
    backgrounds = {"dars/a": np.arange(500, 800)}
    scores[:60, 7] += 4
    scores[120:180, 9] += 4
    ranks = np.argsort(np.argsort(-scores, axis=0, kind="stable"), axis=0).astype(np.int32)
    folder = tmp_path / "inputs"
    folder.mkdir()
    for kind, values in (("rankings", ranks), ("scores", scores)):
        write_database(own_database(folder, kind), values, regions=REGIONS, motifs=MOTIFS)
    limits = cistarget.Limits.of_own_regions(N)
    named = [{k: REGIONS[v].tolist() for k, v in part.items()} for part in (sets, backgrounds)]
    shares = [limits.auc / N, limits.edge / N]
    (folder / "sets.json").write_text(
        json.dumps(
            {"sets": named[0], "ranked": list(sets), "backgrounds": named[1], "limits": shares}
        )
    )
    return tmp_path, scores, ranks, sets, backgrounds, limits


def test_without_pycistarget_the_remedy_is_named(planted):
    try:
        import pycistarget  # noqa: F401
    except ImportError:
        with pytest.raises(UserError, match="--software-deployment-method conda"):
            run_pycistarget(inputs="x", given={}, thresholds=THRESHOLDS, out="y")
    else:
        pytest.skip("pycistarget is installed")


def test_the_step_needs_nothing_that_its_environment_lacks():
    code = (
        "import sys, multiome2vec.steps.run_pycistarget, multiome2vec.logs\n"
        "absent = ('anndata', 'zarr', 'scipy', 'bioframe', 'lightmotif')\n"
        "print([module for module in absent if module in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_it_finds_what_ours_finds(planted):
    pytest.importorskip(
        "pycistarget", reason="pycistarget is not installed (envs/pycistarget.yaml)"
    )
    folder, scores, ranks, sets, backgrounds, limits = planted
    run_pycistarget(
        inputs=str(folder / "inputs"), given={}, thresholds=THRESHOLDS, out=str(folder / "out")
    )
    expected, edges = cistarget.enrich(
        lambda: [(slice(0, 60), ranks)], sets, n_motifs=60, limits=limits, min_nes=3
    )
    expected["motif"] = MOTIFS[expected["motif"]]
    found = pd.read_csv(folder / "out" / "cistarget.tsv", sep="\t")
    assert {"m7", "m9"} <= set(found["motif"])
    pd.testing.assert_frame_equal(found, expected[found.columns], check_dtype=False)
    hits = json.loads((folder / "out" / "edges.json").read_text())
    assert {(name, motif) for name in hits for motif in hits[name]} == {
        (name, MOTIFS[motif]) for name, motif in edges
    }
    for (name, motif), members in edges.items():
        assert hits[name][MOTIFS[motif]] == sorted(REGIONS[members])

    compared = dem.compare(scores[sets["dars/a"]], scores[backgrounds["dars/a"]])
    expected = dem.significant(compared.assign(motif=MOTIFS), max_padj=0.05, min_log2fc=1.0)
    found = pd.read_csv(folder / "out" / "dem.tsv", sep="\t")
    assert found["motif"].tolist() == expected["motif"].tolist() == ["m7"]
    assert found["log2fc"].to_numpy() == pytest.approx(expected["log2fc"], abs=1e-3)
    assert found["padj"].to_numpy() == pytest.approx(expected["padj"], rel=1e-6)


def test_a_database_without_the_sets_regions(planted):
    pytest.importorskip(
        "pycistarget", reason="pycistarget is not installed (envs/pycistarget.yaml)"
    )
    folder, _, ranks, *_ = planted
    path = folder / "other.regions_vs_motifs.rankings.feather"
    write_database(path, ranks, regions=REGIONS.str.removeprefix("chr"), motifs=MOTIFS)
    with pytest.raises(UserError, match="pycistarget: None of the regions .* overlap"):
        run_pycistarget(
            inputs=str(folder / "inputs"), given={"rankings": str(path)}, thresholds=THRESHOLDS,
            out=str(folder / "out"),
        )  # fmt: skip
