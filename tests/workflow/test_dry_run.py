"""Every configuration under tests/configs and config parses and plans its jobs."""

import re

import pytest
from multiome2vec.downloads.units import spelt
from multiome2vec.io.catalogue import read_catalogue
from multiome2vec.presets import REGISTRY, configure
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
    if config.parent == ROOT / "config":
        assert_announced(config.stem, done.stdout)


def assert_announced(dataset: str, text: str):
    """Every file that is to be downloaded is listed once with its size, and has a job."""
    listed = re.search(rf"To download for dataset {dataset}, .*?: (\d+) file\(s\), (.*):\n", text)
    assert listed, text
    files = re.findall(r"^  (resources/downloads/\S+) \((.*)\)$", text, re.MULTILINE)
    assert len(files) == int(listed[1])
    jobs = re.findall(r"rule download:\n    output: (\S+)", text)
    assert sorted(jobs) == sorted(name for name, _ in files)
    sizes = read_catalogue(ROOT / "resources" / "datasets.tsv").set_index(["dataset", "file"])
    for name, size in files:
        group, _, file = name.removeprefix("resources/downloads/").partition("/")
        if group == dataset and sizes.loc[(group, file), "size"]:
            assert size == spelt(int(sizes.loc[(group, file), "size"]))


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


def with_gpu() -> set[str]:
    """Rules that ask for a GPU."""
    found = set()
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        blocks = re.split(r"^ *rule (\w+):", path.read_text(), flags=re.MULTILINE)[1:]
        found |= {n for n, body in zip(blocks[::2], blocks[1::2], strict=True) if "gpu=" in body}
    return found


def test_rules_that_use_models_ask_for_a_gpu_and_no_other():
    uses = {"train", "embed_cells", "impute", "predict", "match", "reconstruct", "saliency"}
    assert with_gpu() == uses


def test_the_device_of_the_configuration_reaches_every_rule_that_uses_models():
    """As a resource, and from there the script."""
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for block in re.split(r"^ *rule ", path.read_text(), flags=re.MULTILINE)[1:]:
            name = block.split(":")[0]
            script = re.search(r"scripts/(\w+\.py)", block)
            told = script and (ROOT / "workflow/scripts" / script[1]).read_text()
            uses = name in with_gpu() | {"loadings"}
            assert ('device=config["training"]["device"]' in block) == uses, name
            assert bool(told and "snakemake.resources.device" in told) == uses, name


def planned(run, text: str) -> str:
    (run / "mine.yaml").write_text(text)
    done = snakemake(run, "-n", "--quiet", "progress", config=run / "mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_preset_is_planned_by_its_name_with_the_tasks_it_can_do(tmp_path):
    names = REGISTRY.names()
    text = planned(
        tmp_path, f"run: {{models: {names}, tasks: [impute, predict, match, loadings]}}\n"
    )
    for name in names:
        used = configure(name, {}).modalities or ("rna", "atac")
        files = {
            f"results/demo/embeddings/{name}/seed-0.h5ad": True,
            f"results/demo/tasks/{name}/seed-0/imputed_rna.zarr": "rna" in used,
            f"results/demo/tasks/{name}/seed-0/imputed_atac.zarr": "atac" in used,
            f"results/demo/tasks/{name}/seed-0/predict.json": {"rna", "atac"} <= set(used),
            f"results/demo/tasks/{name}/seed-0/match.json": {"rna", "atac"} <= set(used),
        }
        for file, there in files.items():
            assert (f"output: {file}" in text) == there, file


def rna_alone(run) -> str:
    """Configuration of the demo without its fragments."""
    columns = [
        line.split("\t") for line in (ROOT / "config/demo.samples.tsv").read_text().splitlines()
    ]
    kept = [i for i, name in enumerate(columns[0]) if not name.startswith(("fragments", "atac"))]
    sheet = "".join("\t".join(row[i] for i in kept) + "\n" for row in columns)
    (run / "rna.samples.tsv").write_text(sheet)
    return "datasets: {demo: {samples: rna.samples.tsv}}\n"


def test_without_atac_nothing_is_predicted_from_it(tmp_path):
    text = planned(tmp_path, rna_alone(tmp_path))
    assert "rule train:" in text
    assert "rule predict:" not in text
    assert "tasks.tsv" not in text


def sheet_of_four(run, conditions: str, *, fragments: str = "abcd") -> str:
    """Configuration of four samples with a condition each, some of them without fragments."""
    rows = ["sample\trna\trna_kind\tfragments\tcondition"]
    for name, condition in zip("abcd", conditions, strict=True):
        atac = f"{name}.tsv.gz" if name in fragments else ""
        rows.append(f"{name}\t{name}.h5\t10x_h5\t{atac}\t{condition.strip()}")
        for file in (f"{name}.h5", f"{name}.tsv.gz"):
            (run / file).touch()
    (run / "four.samples.tsv").write_text("\n".join(rows) + "\n")
    return "datasets: {demo: {samples: four.samples.tsv, truth: null}}\n"


@pytest.mark.parametrize(
    ("conditions", "rules", "reason"),
    [
        ("xxyy", {"composition", "condition_effects"}, None),
        ("xyyy", {"composition"}, "needed: x has 1, y has 3"),
        ("xxxx", set(), "comparisons of conditions: all samples are x in the sample sheet"),
        ("    ", set(), "comparisons of conditions: the column condition is empty"),
    ],
)
def test_conditions_are_compared_where_the_sheet_has_them(tmp_path, conditions, rules, reason):
    text = sheet_of_four(tmp_path, conditions)
    (tmp_path / "mine.yaml").write_text(text)
    done = snakemake(tmp_path, "-n", "--quiet", "progress", config=tmp_path / "mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    found = {rule for rule in ("composition", "condition_effects") if f"rule {rule}:" in said}
    assert found == rules
    if reason:
        done = snakemake(tmp_path, "preflight", "--cores", "1", config=tmp_path / "mine.yaml")
        assert reason in " ".join(done.stderr.split())


def test_tasks_without_pairs_are_left_out_and_said(tmp_path):
    sheet = "sample\trna\trna_kind\tfragments\nr\tr.h5\t10x_h5\t\nt\t\t\tt.tsv.gz\n"
    (tmp_path / "apart.samples.tsv").write_text(sheet)
    for file in ("r.h5", "t.tsv.gz"):
        (tmp_path / file).touch()
    config = tmp_path / "mine.yaml"
    config.write_text("datasets: {demo: {samples: apart.samples.tsv, truth: null}}\n")
    done = snakemake(tmp_path, "-n", "--quiet", "progress", config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    text = " ".join((done.stdout + done.stderr).split())
    assert "rule predict:" not in text
    assert "no sample has RNA" not in text  # said by preflight and in the report, not on every call
    assert "rule annotate_atac:" in text  # labels of t come by way of gene activity
    assert "results/demo/annotation/umap_atac.png" in text


def test_a_model_of_a_modality_that_the_dataset_lacks_is_refused(tmp_path):
    (tmp_path / "mine.yaml").write_text(rna_alone(tmp_path) + "run: {models: [scmvp]}\n")
    done = snakemake(tmp_path, "-n", config=tmp_path / "mine.yaml")
    assert done.returncode == 1
    message = " ".join((done.stdout + done.stderr).split())
    assert "run.models has scmvp, which needs atac: this dataset has rna." in message


@pytest.mark.parametrize(
    ("donors", "wrong"), [("", "a has none"), ("d1", "all samples are d1"), ("obs:donor", "")]
)
def test_a_split_by_donors_needs_two_of_them(tmp_path, donors, wrong):
    (tmp_path / "mine.tsv").write_text(f"sample\trna\trna_kind\tdonor\na\ta.h5ad\th5ad\t{donors}\n")
    config = tmp_path / "mine.yaml"
    config.write_text(
        "datasets: {demo: {samples: mine.tsv, truth: null}}\n"
        "run: {models: [count-vae], baselines: []}\ntraining: {split_by: donor}\n"
    )
    (tmp_path / "a.h5ad").touch()
    done = snakemake(tmp_path, "-n", "--quiet", "progress", config=config)
    message = " ".join((done.stdout + done.stderr).split())
    assert (done.returncode != 0) == bool(wrong), message
    if wrong:
        assert f"split_by is donor, but in the sample sheet {wrong}: at least two" in message
