"""Trained models as files: tensors in safetensors, everything else in a JSON card. No pickle."""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
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


@dataclass(frozen=True)
class Checkpoint:
    """A trained model and what is needed to use it on data.

    Attributes
    ----------
    model
        On the CPU, in evaluation mode.
    features
        Columns of each modality's matrix that the model uses.
    card
        Facts about the training, as written by :func:`save`.
    """

    model: MultimodalVAE
    features: dict[str, np.ndarray]
    card: dict


def save(
    model: MultimodalVAE,
    *,
    features: dict[str, np.ndarray],
    facts: dict,
    weights: str | Path,
    card: str | Path,
) -> None:
    """Write a model's tensors and its card.

    Parameters
    ----------
    features
        Columns of each modality's matrix that the model uses.
    facts
        What else the card says (preset, seed, batches, digests, ...), JSON values.
    weights, card
        Output paths.
    """
    tensors = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    tensors |= {COLUMNS + name: torch.from_numpy(columns) for name, columns in features.items()}
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
    names = [name for name in tensors if name.startswith(COLUMNS)]
    features = {name.removeprefix(COLUMNS): tensors.pop(name).numpy() for name in names}
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise ContractError(
            f"{weights} does not belong to {card}: {str(error).splitlines()[-1].strip()} "
            "Remove both and train again."
        ) from None
    order = {name: features[name] for name in model.config.modalities}
    return Checkpoint(model.eval(), order, facts)


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
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
