"""The target `preflight`: no downloads, no simulation, all problems, an exit code."""

import pandas as pd
from workflow.runner import ROOT, snakemake


def table(directory) -> pd.DataFrame:
    path = directory / "results/demo/preflight.tsv"
    return pd.read_csv(path, sep="\t", keep_default_na=False)


def test_preflight_makes_nothing_but_its_table(tmp_path):
    done = snakemake(tmp_path, "preflight", "--cores", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "resources").exists()
    assert [path.name for path in (tmp_path / "results/demo").iterdir()] == ["preflight.tsv"]
    found = table(tmp_path)
    files = found[found["check"] == "files"]
    assert set(files["problem"]) == {"Not there yet: the workflow makes it."}
    assert "resources/downloads/demo/genome.fa" in set(files["file"])
    assert {"disk", "machine", "gpu", "models"} <= set(found["check"])
    assert "Checks: " in done.stderr


def test_all_problems_end_the_target_and_the_run(tmp_path):
    sheet = (ROOT / "config/demo.samples.tsv").read_text()
    for sample in ("s1", "s2"):
        name = f"resources/downloads/demo/{sample}/filtered_feature_bc_matrix.h5"
        sheet = sheet.replace(name, f"{sample}.h5")
    (tmp_path / "mine.tsv").write_text(sheet)
    (tmp_path / "s2.h5").write_text("<html>")
    config = tmp_path / "mine.yaml"
    config.write_text("datasets: {demo: {samples: mine.tsv}}\n")
    done = snakemake(tmp_path, "preflight", "--cores", "1", config=config)
    assert done.returncode != 0
    found = table(tmp_path)
    wrong = found[found["severity"] == "error"]
    assert wrong[["check", "file"]].to_numpy().tolist() == [["files", "s1.h5"], ["rna", "s2.h5"]]
    for text in ("s1.h5 does not exist", "s2.h5 is a web page"):
        assert text in done.stderr
    (tmp_path / "s1.h5").write_text("<html>")
    done = snakemake(tmp_path, "results/demo/inputs.tsv", "--cores", "2", config=config)
    assert done.returncode != 0
    assert "s1.h5 is a web page" in done.stderr
    assert not (tmp_path / "results/demo/inputs.tsv").exists()
    assert (table(tmp_path)["severity"] == "error").sum() == 2


def test_faults_of_configuration_and_sheet_are_rows_among_the_others(tmp_path):
    sheet = (ROOT / "config/demo.samples.tsv").read_text()
    sheet += "s3\tabsent.h5\t10x\t\ts3\td3\ttreated\ns4\ts4.h5\t10x_h5\t\ts4\td4\ttreated\n"
    (tmp_path / "mine.tsv").write_text(sheet)
    config = tmp_path / "mine.yaml"
    config.write_text(
        "datasets: {demo: {samples: mine.tsv}}\ntopics: {n_topics: 7}\n"
        "qc: {samples: {s9: {rna: {max_pct_mt: 10}}}}\n"
    )
    done = snakemake(tmp_path, "preflight", "--cores", "1", config=config)
    assert done.returncode != 0
    found = table(tmp_path)
    wrong = found[found["severity"] == "error"].set_index("check")["problem"]
    assert "row 4: rna_kind '10x' is none of 10x_h5" in wrong["samples"]
    assert wrong["files"].startswith("s4.h5 does not exist")
    assert any("qc.samples has 's9'" in text for text in wrong["config"])
    assert any("topics.n_topics is 7, which is not in topics.grid" in t for t in wrong["config"])
    done = snakemake(tmp_path, "preflight", "qc", "-n", config=config)
    assert done.returncode != 0
    assert "Sample sheet mine.tsv is not valid" in " ".join((done.stdout + done.stderr).split())


def test_a_model_without_its_modality_is_a_row(tmp_path):
    (tmp_path / "mine.tsv").write_text("sample\trna\trna_kind\na\ta.h5\t10x_h5\n")
    config = tmp_path / "mine.yaml"
    config.write_text(
        "datasets: {demo: {samples: mine.tsv, truth: null}}\n"
        "run: {models: [scmvp], baselines: []}\n"
    )
    done = snakemake(tmp_path, "preflight", "--cores", "1", config=config)
    assert done.returncode != 0
    found = table(tmp_path)
    wrong = found[found["severity"] == "error"].set_index("check")["problem"]
    assert wrong["config"].startswith("run.models has scmvp, which needs atac")
    assert wrong["files"].startswith("a.h5 does not exist")
    left = found[found["check"] == "left out"]
    assert "motif activity: no sample has ATAC." in set(left["problem"])
    assert set(left["severity"]) == {"info"}
