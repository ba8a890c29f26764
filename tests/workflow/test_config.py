"""The configuration file and its schema agree; mistakes are named."""

import re

import pytest
import yaml
from multiome2vec.config import leaves, load_schema, validate_config
from multiome2vec.errors import UserError
from workflow.runner import ROOT, snakemake

RULES = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").rglob("*.smk"))
SCHEMA = load_schema(ROOT / "workflow" / "schemas" / "config.schema.yaml")


def default_config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def lookup(config: dict, path: tuple[str, ...]):
    for part in path:
        config = config[part]
    return config


def objects(schema: dict, path=()):
    if schema.get("type") == "object":
        yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from objects(child, (*path, name))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from objects(schema["additionalProperties"], (*path, "*"))


def test_defaults_are_those_of_config_yaml():
    config = default_config()
    for path, leaf in leaves(SCHEMA):
        if "*" not in path and "default" in leaf:
            assert lookup(config, path) == leaf["default"], ".".join(path)


def test_config_yaml_is_valid_and_complete():
    config = default_config()
    validate_config(config, SCHEMA)
    assert config == default_config(), "config.yaml lacks keys that the schema fills in"


def test_every_object_is_closed_and_every_leaf_described():
    for path, schema in objects(SCHEMA):
        assert "additionalProperties" in schema, path
    for path, leaf in leaves(SCHEMA):
        assert leaf.get("description"), path


def test_every_key_is_used_by_a_rule():
    """By its name, or with the whole section of an engine or a model."""
    sections = {("models", "*"), ("peaks", "macs2"), ("peaks", "macs3")}
    for path, _ in leaves(SCHEMA):
        assert path[:-1] in sections or re.search(rf"\b{path[-1]}\b", RULES), ".".join(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modles": {}}, "unknown key 'modles': did you mean 'models'?"),
        ({"qc": {"rna": {"min_gene": 3}}}, "'qc.rna.min_gene': did you mean 'min_genes'?"),
        ({"topics": {"iterations": 0}}, "topics.iterations: 0 is less than the minimum of 10"),
        ({"dataset": "pbmc"}, "dataset: 'pbmc' is not defined under datasets (demo)"),
        ({"run": {"models": ["tri"]}}, "run.models: 'tri' is not defined under models"),
    ],
)  # fmt: skip
def test_mistakes_are_named(change, message):
    config = default_config()
    for section, value in change.items():
        if isinstance(value, dict) and section in config:
            config[section] |= value
        else:
            config[section] = value
    with pytest.raises(UserError, match=re.escape(message)):
        validate_config(config, SCHEMA)


def test_misspelt_key_stops_the_run_before_any_rule(tmp_path):
    (tmp_path / "mine.yaml").write_text("topics: {gird: [2]}\n")
    done = snakemake(tmp_path, "-n", config=tmp_path / "mine.yaml")
    assert done.returncode == 1
    assert "unknown key 'topics.gird': did you mean 'grid'?" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("peaks: {macs2: {shift: 73}}", "peaks.macs2.shift has no effect on whole fragments"),
        ("topics: {n_topics: 5}", "topics.n_topics is 5, which is not in topics.grid"),
        ("topics: {engine: pycistopic}", "topics.pycistopic_env names no environment"),
        ("motifs: {engine: pycistarget}", "motifs.pycistarget_env names no environment"),
        ("motifs: {enrichment: {factors: x.tbl}}", "but no database is named"),
        (
            "motifs: {enrichment: {background: shuffled, scores_database: x.feather}}",
            "have no scores of shuffled sequences",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(tmp_path, text, message):
    (tmp_path / "mine.yaml").write_text(text)
    done = snakemake(tmp_path, "-n", config=tmp_path / "mine.yaml")
    assert done.returncode == 1
    assert message in " ".join((done.stdout + done.stderr).split())
