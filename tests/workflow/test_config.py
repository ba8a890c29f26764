"""The configuration file and its schema agree; mistakes are named."""

import re
from dataclasses import fields

import pytest
import yaml
from multiome2vec import keys
from multiome2vec.config import leaves, load_schema, model_settings, validate_config
from multiome2vec.data.stores import BACKENDS
from multiome2vec.errors import UserError
from multiome2vec.models.fusion import FUSIONS
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.priors import PRIORS
from multiome2vec.models.priors.gmvae import ENUMERATIONS
from multiome2vec.models.transforms import TRANSFORMS
from multiome2vec.nn.bodies import BODIES
from multiome2vec.nn.mlp import ACTIVATIONS, NORMS
from multiome2vec.nn.trunks import TRUNKS
from multiome2vec.objectives.terms import TERMS
from multiome2vec.presets import REGISTRY, configure
from multiome2vec.presets._hyperparameters import TRANSFORM, Hyperparameters
from multiome2vec.steps.train import CELL
from multiome2vec.training.settings import (
    DEVICES,
    LR_SCHEDULES,
    OPTIMISERS,
    PRECISIONS,
    RunSettings,
)
from workflow.runner import ROOT, snakemake

RULES = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").rglob("*.smk"))
SCHEMA = load_schema(ROOT / "workflow" / "schemas" / "config.schema.yaml")
MODEL = SCHEMA["properties"]["models"]["additionalProperties"]["properties"]
TRAINING = SCHEMA["properties"]["training"]["properties"]
#: kinds of values that a modality can hold
KINDS = set(TRANSFORM)


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
        assert path[:2] in sections or re.search(rf"\b{path[-1]}\b", RULES), ".".join(path)


def test_models_have_every_hyperparameter_and_no_default():
    assert MODEL.keys() == {"preset", *(field.name for field in fields(Hyperparameters))}
    defaults = [path for path, leaf in leaves(SCHEMA) if path[0] == "models" and "default" in leaf]
    assert defaults == []


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        (MODEL["preset"], REGISTRY.names()),
        (MODEL["modalities"]["items"], keys.MODALITIES),
        (MODEL["norm"], NORMS),
        (MODEL["activation"], ACTIVATIONS),
        (MODEL["fusion"], FUSIONS),
        (MODEL["prior"], PRIORS),
        (MODEL["enumerate"], ENUMERATIONS),
        (MODEL["standardise"]["items"], KINDS),
        (MODEL["optimiser"], OPTIMISERS),
        (MODEL["lr_schedule"], LR_SCHEDULES),
        (TRAINING["device"], DEVICES),
        (TRAINING["precision"], PRECISIONS),
        (TRAINING["backend"], BACKENDS),
    ],
)
def test_choices_are_those_of_the_registries(schema, names):
    assert sorted(schema["enum"]) == sorted(names)


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("transform", TRANSFORMS),
        ("likelihood", LIKELIHOODS),
        ("encoder", TRUNKS),
        ("decoder", BODIES),
    ],
)
def test_choices_by_kind_of_values_are_those_of_the_registries(name, choices):
    kinds = MODEL[name]["properties"]
    assert kinds.keys() == KINDS
    assert all(sorted(kind["enum"]) == sorted(choices) for kind in kinds.values())


def test_terms_of_the_objective_are_those_there_are():
    assert MODEL["terms"]["properties"].keys() == TERMS.keys()


def test_models_of_config_yaml_show_the_settings_of_their_presets():
    config = default_config()
    for name in config["models"]:
        preset, shown = model_settings(config, name)
        assert configure(preset, shown) == configure(preset, {})


def test_the_readme_lists_every_preset():
    rows = re.findall(r"^\| `([a-z-]+)`", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(set(rows) & set(REGISTRY.names())) == REGISTRY.names()


def test_every_setting_of_a_preset_is_valid():
    config = default_config()
    for preset in REGISTRY.names():
        values = vars(configure(preset, {}))
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
        config["models"][preset] = {"preset": preset, **plain}
    validate_config(config, SCHEMA)
    config["models"][preset]["latent"] = 0
    with pytest.raises(UserError, match=rf"models\.{preset}\.latent"):
        validate_config(config, SCHEMA)


def test_training_is_as_the_package_has_it_by_default():
    run = RunSettings()
    for name in ("precision", "compile", "device", "checkpoint_minutes"):
        assert TRAINING[name]["default"] == getattr(run, name)
    assert TRAINING["batch_key"]["default"] == keys.BATCH
    assert TRAINING["split_by"]["enum"] == [CELL, keys.DONOR, keys.BATCH]
    assert TRAINING["split_by"]["default"] == CELL


def test_a_preset_needs_no_entry_of_its_own():
    config = default_config() | {"run": {"models": ["trivae", "count-vae"]}}
    config["models"] |= {"mosc": {"latent": 8}, "mine": {"preset": "scmvp", "latent": 30}}
    validate_config(config, SCHEMA)
    assert model_settings(config, "count-vae") == ("count-vae", {})
    assert model_settings(config, "mosc") == ("mosc", {"latent": 8})
    assert model_settings(config, "mine") == ("scmvp", {"latent": 30})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modles": {}}, "unknown key 'modles': did you mean 'models'?"),
        ({"qc": {"rna": {"min_gene": 3}}}, "'qc.rna.min_gene': did you mean 'min_genes'?"),
        ({"topics": {"iterations": 0}}, "topics.iterations: 0 is less than the minimum of 10"),
        ({"dataset": "pbmc"}, "dataset: 'pbmc' is not defined under datasets (demo)"),
        ({"run": {"models": ["trivea"]}}, "run.models: 'trivea' is neither defined under models"),
        ({"run": {"models": ["trivea"]}}, "did you mean 'trivae'?"),
        ({"models": {"mine": {"latent": 8}}}, "models.mine.preset is missing"),
        ({"models": {"mine": {"preset": "tri"}}}, "models.mine.preset: 'tri' is not one of"),
        ({"models": {"mosc": {"latnet": 8}}}, "'models.mosc.latnet': did you mean 'latent'?"),
        ({"models": {"mosc": {"terms": {"aling": 1}}}}, "did you mean 'align'?"),
        (
            {"models": {"mosc": {"likelihood": {"counts": "nb"}}}},
            "models.mosc.likelihood.counts: 'nb' is not one of",
        ),
        ({"models": {"mosc": {"hidden": []}}}, "models.mosc.hidden: [] should be non-empty"),
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
        ("qc: {samples: {s9: {rna: {min_genes: 9}}}}", "qc.samples has 's9', but the samples of"),
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


def test_texts_of_the_command_line_are_what_they_say():
    config = default_config()
    given = {
        "downloads": {"offline": "true", "retries": "2", "mirror": "null"},
        "run": {"seeds": ["0", "1"], "models": ["trivae"]},
        "motifs": {"pvalue": "1e-4"},
        "topics": {"n_topics": "16"},
        "qc": {"max_cells": "null"},
    }
    for section, values in given.items():
        config[section] |= values
    validate_config(config, SCHEMA)
    assert config["downloads"]["offline"] is True
    assert config["downloads"]["retries"] == 2
    assert config["downloads"]["mirror"] is None
    assert config["run"]["seeds"] == [0, 1]
    assert config["motifs"]["pvalue"] == 1e-4
    assert config["topics"]["n_topics"] == 16
    assert config["qc"]["max_cells"] is None
    assert config["annotate"]["labels"] == "auto"


@pytest.mark.parametrize("text", ["maybe", "1", "[true]", "{a", "yes please"])
def test_texts_that_say_no_such_value_are_refused(text):
    config = default_config()
    config["downloads"]["offline"] = text
    with pytest.raises(UserError, match=f"downloads.offline: '{re.escape(text)}' is not of type"):
        validate_config(config, SCHEMA)


def test_a_section_on_the_command_line(tmp_path):
    (tmp_path / "pbmc3k.yaml").write_text((ROOT / "config/pbmc3k.yaml").read_text())
    done = snakemake(
        tmp_path, "-n", "--configfile", "pbmc3k.yaml", "--config", "downloads={offline: true}"
    )
    assert done.returncode == 1
    text = " ".join((done.stdout + done.stderr).split())
    assert "downloads.offline is set, but files of dataset pbmc3k are missing" in text
