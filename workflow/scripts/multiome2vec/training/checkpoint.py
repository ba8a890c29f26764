"""Trained models as files: tensors in safetensors, everything else in a JSON card. No pickle."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from multiome2vec import __version__
from multiome2vec.errors import ContractError
from multiome2vec.io.atomic import atomic_path, write_json
from multiome2vec.models.config import ModelConfig
from multiome2vec.models.multimodal import MultimodalVAE

LIBRARIES = ("torch", "numpy", "scipy", "anndata", "mudata")
PICKLES = (b"PK\x03\x04", b"\x80")  # first bytes of torch.save's archives and of a pickle
COLUMNS = "features."  # prefix of the tensors that hold the columns used of each modality
NAMES = "names."  # prefix of those with the features' names: UTF-8, one per line


@dataclass(frozen=True)
class Checkpoint:
    """A trained model and what is needed to use it on data.

    Attributes
    ----------
    model
        On the CPU, in evaluation mode.
    features
        Columns of the training data's matrix that the model uses, by modality.
    names
        Names of these features.
    card
        Facts about the training, as written by :func:`save`.
    """

    model: MultimodalVAE
    features: dict[str, np.ndarray]
    names: dict[str, pd.Index]
    card: dict


def save(
    model: MultimodalVAE,
    *,
    features: dict[str, np.ndarray],
    names: Mapping[str, Sequence[str]],
    facts: dict,
    weights: str | Path,
    card: str | Path,
) -> None:
    """Write a model's tensors and its card.

    Parameters
    ----------
    features
        Columns of each modality's matrix that the model uses.
    names
        Names of these features.
    facts
        What else the card says (preset, seed, batches, digests, ...), JSON values.
    weights, card
        Output paths.
    """
    tensors = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    tensors |= {COLUMNS + name: torch.from_numpy(columns) for name, columns in features.items()}
    tensors |= {NAMES + name: _as_bytes(found) for name, found in names.items()}
    with atomic_path(weights) as partial:
        partial.write_bytes(to_bytes(tensors))
    versions = {"multiome2vec": __version__, **{name: version(name) for name in LIBRARIES}}
    write_json({"config": model.config.to_dict(), "versions": versions, **facts}, card)


def load(weights: str | Path, card: str | Path) -> Checkpoint:
    """Read a model back.

    Raises
    ------
    ContractError
        If the weights are no safetensors file (a pickle is never opened), or do not fit the card.
    """
    facts = json.loads(Path(card).read_text())
    model = MultimodalVAE(ModelConfig.from_dict(facts["config"]))
    tensors = _read_tensors(weights)
    columns, texts = _take(tensors, COLUMNS), _take(tensors, NAMES)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise ContractError(
            f"{weights} does not belong to {card}: {str(error).splitlines()[-1].strip()} "
            "Remove both and train again."
        ) from None
    order = list(model.config.modalities)
    if not set(order) <= set(texts) & set(columns):
        raise ContractError(
            f"{weights} does not name the features of {', '.join(order)}: another version of this "
            "package wrote it. Train again."
        )
    features = {name: columns[name].numpy() for name in order}
    names = {name: _as_names(texts[name]) for name in order}
    return Checkpoint(model.eval(), features, names, facts)


def _take(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Move the tensors of a prefix out of a dictionary; names without the prefix."""
    found = [name for name in tensors if name.startswith(prefix)]
    return {name.removeprefix(prefix): tensors.pop(name) for name in found}


def _as_bytes(names: Sequence[str]) -> torch.Tensor:
    return torch.frombuffer(bytearray("\n".join(names).encode() + b"\n"), dtype=torch.uint8)


def _as_names(text: torch.Tensor) -> pd.Index:
    return pd.Index(text.numpy().tobytes().decode().split("\n")[:-1], dtype=object)


def _read_tensors(weights: str | Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(weights)
    except SafetensorError as error:
        with open(weights, "rb") as file:
            pickled = file.read(4).startswith(PICKLES)
        what = (
            "is a pickle (the format of torch.save), which can run any code when it is opened"
            if pickled
            else f"is no safetensors file ({error})"
        )
        raise ContractError(
            f"{weights} {what}. Give the weights.safetensors that training wrote."
        ) from None


def file_digest(path: str | Path) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
