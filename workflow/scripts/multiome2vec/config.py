"""Validation of the configuration against its closed JSON Schema, before any rule is parsed."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from multiome2vec.errors import UserError
from multiome2vec.presets import REGISTRY, configure

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, if it was built


def load_schema(path: str | Path) -> dict:
    """Read a JSON Schema written in YAML."""
    return yaml.load(Path(path).read_text(), LOADER)


def validate_config(config: dict, schema: dict) -> None:
    """Fill in defaults in place and check the configuration.

    Parameters
    ----------
    config
        The merged configuration. Entries that a user adds to an open map (a dataset, an assembly)
        get the defaults of their schema. Texts become the numbers, truth values and nulls that they
        say where the schema wants these: Snakemake's ``--config 'downloads={offline: true}'`` gives
        texts.
    schema
        A JSON Schema in which every object is closed.

    Raises
    ------
    UserError
        Lists all problems, each with its key; an unknown key with the nearest valid one.
    """
    _fill_defaults(config, schema)
    _read_texts(config, schema)
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda e: str(e.path))
    problems = [line for error in errors for line in _explain(error)]
    problems += [] if errors else [*_dangling_names(config), *_wrong_models(config)]
    if problems:
        raise UserError("The configuration is not valid:\n  " + "\n  ".join(problems))


def model_settings(config: dict, name: str) -> tuple[str, dict]:
    """Preset of a model and the hyperparameters that its entry changes.

    A preset's name without an entry under ``models`` is a model with the preset's own settings.
    """
    entry = dict(config["models"].get(name, {}))
    return entry.pop("preset", name), entry


def leaves(schema: dict, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict]]:
    """Yield path and schema of every setting; ``*`` stands for the names of an open map."""
    children = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        children["*"] = schema["additionalProperties"]
    if not children:
        yield prefix, schema
    for name, child in children.items():
        yield from leaves(child, (*prefix, name))


def _fill_defaults(config: dict, schema: dict) -> None:
    for name, child in schema.get("properties", {}).items():
        if "default" in child:
            config.setdefault(name, child["default"])
        if isinstance(config.get(name), dict):
            _fill_defaults(config[name], child)
    entry = schema.get("additionalProperties")
    if isinstance(entry, dict):
        for name in config.keys() - schema.get("properties", {}).keys():
            if isinstance(config[name], dict):
                _fill_defaults(config[name], entry)


def _read_texts(config: dict | list, schema: dict) -> None:
    """Read texts as YAML, in place, where the schema wants no text."""
    listed = isinstance(config, list)
    for name, value in enumerate(config) if listed else list(config.items()):
        if listed:
            child = schema.get("items")
        else:
            child = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        if not isinstance(child, dict):
            continue
        if isinstance(value, dict | list):
            _read_texts(value, child)
        elif isinstance(value, str):
            config[name] = _value_of(value, Draft202012Validator(child))


def _value_of(text: str, wanted: Draft202012Validator) -> object:
    """Read a text, if what it says is valid and the text is not, or if it is ``null``."""
    if text == "null" and wanted.is_valid(None):
        return None
    if wanted.is_valid(text):
        return text
    try:
        value = yaml.safe_load(text)
        value = float(value) if isinstance(value, str) else value  # 5e-5 is no number of YAML 1.1
    except (ValueError, yaml.YAMLError):
        return text
    return value if wanted.is_valid(value) else text


def _explain(error: ValidationError) -> Iterator[str]:
    where = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        for name in error.instance.keys() - set(known):
            close = get_close_matches(str(name), known, n=1, cutoff=0.5)
            hint = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(known)}."
            yield f"unknown key '{'.'.join(filter(None, (where, str(name))))}': {hint}"
    else:
        yield f"{where or 'config'}: {error.message}"


def _dangling_names(config: dict) -> Iterator[str]:
    """Names of a choice that no definition has (checked once the shapes are right)."""
    yield from _missing("dataset", config["dataset"], config["datasets"], "datasets")
    if config["dataset"] in config["datasets"]:
        key = f"datasets.{config['dataset']}.assembly"
        assembly = config["datasets"][config["dataset"]]["assembly"]
        yield from _missing(key, assembly, config["assemblies"], "assemblies")


def _wrong_models(config: dict) -> Iterator[str]:
    """Models that have no preset, or settings that their preset refuses."""
    presets = REGISTRY.names()
    for name in dict.fromkeys([*config["models"], *config["run"]["models"]]):
        preset, hyper = model_settings(config, name)
        if preset in presets:
            try:
                configure(preset, hyper)
            except UserError as error:
                yield f"models.{name}: {error}"
        elif name in config["models"]:
            yield f"models.{name}.preset is missing: one of {', '.join(presets)}"
        else:
            close = get_close_matches(name, [*config["models"], *presets], n=1)
            hint = f"did you mean '{close[0]}'? " if close else ""
            yield (
                f"run.models: '{name}' is neither defined under models nor the name of a preset: "
                f"{hint}Presets: {', '.join(presets)}"
            )


def _missing(key: str, name: str, definitions: dict, where: str) -> Iterator[str]:
    if name not in definitions:
        yield f"{key}: '{name}' is not defined under {where} ({', '.join(definitions)})"
