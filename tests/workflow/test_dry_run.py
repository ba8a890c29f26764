"""Every configuration under tests/configs and config parses and plans its jobs."""

import pytest
from workflow.runner import CONFIGS, REAL, ROOT, beside_real_data, snakemake

CONFIG_FILES = sorted([*CONFIGS.glob("*.yaml"), *(ROOT / "config").glob("*.yaml")])


@pytest.mark.parametrize("config", CONFIG_FILES, ids=lambda path: path.stem)
def test_config_plans_the_last_stage(config, tmp_path):
    texts = [path.read_text() for path in config.parent.glob(f"{config.stem}.*")]
    if "../shared/data" in "".join(texts) and not REAL.is_dir():
        pytest.skip("the real data are not beside the project (../shared/data)")
    run = beside_real_data(tmp_path) if REAL.is_dir() else tmp_path
    done = snakemake(run, "-n", "--quiet", "progress", config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "leaderboard" in done.stdout


def test_stages_are_targets(tmp_path):
    planned = {}
    for stage in ("preflight", "qc", "peaks", "topics", "motifs", "matrices", "embed", "evaluate"):
        done = snakemake(tmp_path, stage, "-n", "--quiet", "progress")
        assert done.returncode == 0, done.stdout + done.stderr
        planned[stage] = done.stdout
    assert "rule call_peaks:" not in planned["qc"]
    assert "rule topic_model:" not in planned["peaks"]
    assert "rule train:" in planned["embed"]
    assert "rule train:" not in planned["matrices"]


@pytest.mark.parametrize(
    ("caller", "rule", "other"),
    [("macs2", "call_peaks_macs2", "call_peaks"), ("macs3", "call_peaks", "call_peaks_macs2")],
)
def test_each_peak_caller_has_one_rule(tmp_path, caller, rule, other):
    (tmp_path / "mine.yaml").write_text(f"peaks: {{caller: {caller}}}\n")
    done = snakemake(tmp_path, "-n", config=tmp_path / "mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"rule {rule}:" in done.stdout
    assert f"rule {other}:" not in done.stdout
    assert f"results/demo/peaks/{caller}/groups.tsv" in done.stdout
    assert f"logs/{rule}/demo.{caller}.log" in done.stdout


def test_only_the_chosen_motif_matrix_is_made_for_the_matrices(tmp_path):
    chosen = tmp_path / "chosen.yaml"
    for matrix, made, other in (
        ("deviations", "deviations", "region_set_auc"),
        ("auc", "region_set_auc", "deviations"),
    ):
        chosen.write_text(f"motifs: {{matrix: {matrix}}}\n")
        done = snakemake(tmp_path, "matrices", "-n", "--quiet", "progress", config=chosen)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"rule {made}:" in done.stdout
        assert f"rule {other}:" not in done.stdout
