"""A changed setting re-runs exactly the rules that use it and what is downstream of them."""

import re
import shutil

import pytest
import yaml
from multiome2vec.config import leaves, load_schema
from multiome2vec.metrics import REGISTRY as METRICS
from multiome2vec.objectives.spec import CONTRASTIVE
from multiome2vec.provenance import reached_modules
from workflow.runner import CONFIGS, ROOT, dry_runs, snakemake

SCHEMA = load_schema(ROOT / "workflow" / "schemas" / "config.schema.yaml")
TABLE = yaml.safe_load((ROOT / "tests" / "workflow" / "rerun_table.yaml").read_text())
KEYS = [".".join(path) for path, _ in leaves(SCHEMA)]


def override(key: str, value) -> dict:
    """Nested configuration that sets one key; ``*`` is the demo's entry of an open map."""
    names = {"datasets": "demo", "assemblies": "demo", "models": "trivae", "qc": "s1"}
    parts = [names[key.split(".")[0]] if part == "*" else part for part in key.split(".")]
    for part in reversed(parts):
        value = {part: value}
    return value


@pytest.fixture(scope="module")
def alternatives(tiny):
    """The tiny run, with a second copy of each file that a setting can name."""
    demo = tiny / "resources" / "downloads" / "demo"
    for source in ("genome.fa", "genes.gtf.gz", "blacklist.bed", "truth/cells.tsv"):
        shutil.copy(demo / source, tiny / f"other.{source.rpartition('/')[2]}")
    sizes = tiny / "resources" / "genomes" / "demo"
    shutil.copy(sizes / "chrom.sizes", tiny / "other.chrom.sizes")
    shutil.copy(sizes / "tss.bed", tiny / "other.tss.bed")
    barcodes = (tiny / "results/demo/qc/barcodes.tsv").read_text().splitlines()[1:]
    (tiny / "cells.txt").write_text("".join(f"{line.split()[0]}\n" for line in barcodes))
    (tiny / "other.names.tsv").write_text("chrOther\tchr1\n")
    (tiny / "other.factors.tsv").write_text("motif\ttf\nMA0139.3\tCTCF\n")
    for name in ("other.h5ad", "other.pairs.tsv"):
        (tiny / name).touch()
    for kind in ("rankings", "scores"):
        (tiny / f"other.regions_vs_motifs.{kind}.feather").touch()
    sheet = (ROOT / "config" / "demo.samples.tsv").read_text()
    (tiny / "other.samples.tsv").write_text(sheet.replace("treated", "sick"))
    return tiny


@pytest.fixture(scope="module")
def downstream(tiny) -> dict[str, set[str]]:
    """For each rule, the rules that use its outputs, at any depth."""
    done = snakemake(tiny, "--rulegraph", "dot", "--forceall", config=CONFIGS / "tiny.yaml")
    assert done.returncode == 0, done.stderr
    names = dict(re.findall(r'(\d+)\[label = "([\w]+)', done.stdout))
    edges = {(names[a], names[b]) for a, b in re.findall(r"(\d+) -> (\d+)", done.stdout)}
    closure = {name: {name} for name in names.values()}
    for _ in names:
        for a, b in edges:
            closure[a] |= closure[b]
    return closure


@pytest.fixture(scope="module")
def planned(alternatives) -> dict[str, set[str]]:
    """Rules that a dry run lists for every key of the table, and for no change."""
    default = yaml.safe_load((ROOT / "config.yaml").read_text())
    twins = {name: {"twin": default[name]["demo"]} for name in ("datasets", "assemblies")}
    overrides = {key: override(key, entry["value"]) for key, entry in TABLE.items()}
    # peaks.source: bed needs a path
    overrides["peaks.source"]["peaks"]["bed"] = "other.blacklist.bed"
    overrides["motifs.engine"]["motifs"]["pycistarget_env"] = "mine"
    factors = overrides["motifs.enrichment.factors"]["motifs"]["enrichment"]
    factors["database"] = "other.regions_vs_motifs.rankings.feather"
    for term in CONTRASTIVE:  # these compare projections
        overrides[f"models.*.terms.{term}"]["models"]["trivae"]["projection"] = 8
    overrides["models.*.shared"]["models"]["trivae"]["fusion"] = "concat"  # whose layer it is
    # a window needs the mode that has one
    for caller in ("macs2", "macs3"):
        for key in ("shift", "extsize"):
            overrides[f"peaks.{caller}.{key}"]["peaks"][caller]["mode"] = "insertions"
    for change in overrides.values():
        for name, entry in twins.items():
            change[name] = entry | change.get(name, {})
    return dry_runs(alternatives, CONFIGS / "tiny.yaml", overrides | {"nothing": {}})


def test_the_table_has_every_key_of_the_schema():
    assert sorted(TABLE) == sorted(KEYS)


def test_an_unchanged_configuration_runs_nothing(planned):
    assert planned["nothing"] == set()


@pytest.mark.parametrize("key", sorted(set(TABLE) - {"dataset"}))
def test_changed_key_reruns_its_rules_and_what_is_downstream(key, planned, downstream):
    rules = [*TABLE[key]["rules"], "provenance"]
    expected = set().union(*(downstream.get(rule, {rule}) for rule in rules))
    if "given_regions" in rules:
        expected |= downstream["consensus"] - {"consensus"}
    if "motif_enrichment" in expected:  # its input is temporary, and made again
        expected.add("motif_scores")
    if "run_pycistarget" in rules:  # another engine in place of the default one
        expected -= {"motif_enrichment"}
    if TABLE[key]["rules"]:
        assert planned[key] == expected
    else:  # a setting with one choice so far
        assert planned[key] <= expected


def test_another_dataset_shares_only_downloads_and_references(planned, downstream):
    shared = {"simulate", "genome", "chrom_sizes", "chromosomes", "blacklist"}
    shared |= {"tss", "promoters", "genes"}
    assert planned["dataset"] == set(downstream) - shared


def test_editing_a_module_reruns_only_its_dependants(alternatives, downstream, tmp_path):
    """A second copy of the project, with one line changed, over the results of the first."""
    project = tmp_path / "project"
    shutil.copytree(
        ROOT, project, ignore=shutil.ignore_patterns(".*", "results", "resources", "logs")
    )
    (project / "resources").mkdir()
    for table in ("datasets.tsv", "references.tsv"):
        shutil.copy(ROOT / "resources" / table, project / "resources")
    module = project / "workflow/scripts/multiome2vec/motifs/deviations.py"
    unchanged = planned_by_copy(project, alternatives)
    module.write_text(module.read_text() + "\n\n_EDITED = True\n")
    changed = planned_by_copy(project, alternatives)
    assert changed - unchanged == downstream["deviations"] - unchanged
    assert "call_peaks" not in changed


def planned_by_copy(project, directory) -> set[str]:
    """Rules planned by a copy of the project in the directory of a finished run."""
    done = snakemake(
        directory, "-n", "--rerun-triggers", "params", "input", "mtime",
        config=CONFIGS / "tiny.yaml", root=project,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"^(?:local)?rule (\w+):", done.stdout, re.MULTILINE))


def test_jobs_load_only_modules_in_their_digest(tiny):
    """What a job really imported is what its rule's digest covers."""
    digests = script_digests()
    lines = (tiny / "loaded.txt").read_text().splitlines()
    assert {line.split()[0] for line in lines} <= set(digests)
    assert len({line.split()[0] for line in lines}) > 30
    for line in lines:
        script, *modules = line.split()
        outside = set(modules) - reached_modules(*digests[script])
        assert outside <= {"multiome2vec.logs", "multiome2vec.errors", "multiome2vec"}, script


def script_digests() -> dict[str, list[str]]:
    """Modules in the ``source_digest`` of each script's rule, with the engines of tiny.yaml."""
    engines = {
        "doublets": ["multiome2vec.doublets.callers.scrublet"],
        "call_peaks": ["multiome2vec.peaks.callers.macs3"],
        "topic_model": ["multiome2vec.topics.engines.tomotopy"],
        "train": ["multiome2vec.presets.trivae"],
        "baseline": ["multiome2vec.baselines.pca", "multiome2vec.baselines.lsi"],
        "evaluate_embedding": [METRICS.module(name) for name in METRICS.names()],
    }
    found = {}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for block in re.split(r"^ *rule ", path.read_text(), flags=re.MULTILINE)[1:]:
            if script := re.search(r"scripts/(\w+)\.py", block):
                name = script[1]
                steps = re.findall(r'"(multiome2vec\.steps\.\w+)"', block)
                found[name] = (steps or [f"multiome2vec.steps.{name}"]) + engines.get(name, [])
    return found
