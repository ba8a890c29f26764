"""A trained model with its history and its split, as one thing and as files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.data.splits import COLUMN, PARTS, Split
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_tsv
from multiome2vec.tasks.train import Trained
from multiome2vec.training.checkpoint import Checkpoint, load, save

#: files of a model in its folder, by what they hold
FILES = {
    "weights": "weights.safetensors",
    "card": "card.json",
    "history": "history.tsv",
    "splits": "splits.tsv",
}


@dataclass(frozen=True)
class Model:
    """A trained model, to be given to the tasks.

    Attributes
    ----------
    checkpoint
        The network, the names of its features and its card.
    history
        Losses and schedules, one row per epoch.
    parts
        By barcode of the training data: ``train``, ``validation`` or ``test``.
    """

    checkpoint: Checkpoint
    history: pd.DataFrame
    parts: pd.Series

    @classmethod
    def from_trained(cls, trained: Trained, *, preset: str) -> "Model":
        """Take what :func:`multiome2vec.tasks.train.train_model` returned."""
        parts = pd.Series("", index=trained.data.obs.index, name=COLUMN, dtype=object)
        for name in PARTS:
            parts.iloc[getattr(trained.split, name)] = name
        facts = {"preset": preset, **trained.facts, "config": trained.model.config.to_dict()}
        network = trained.model.cpu().eval()
        checkpoint = Checkpoint(network, trained.features, trained.names, facts)
        return cls(checkpoint, pd.DataFrame(trained.fit.history), parts)

    @classmethod
    def load(cls, folder: str | Path) -> "Model":
        """Read the files that :meth:`save` or the workflow wrote to a folder.

        Raises
        ------
        UserError
            If a file is missing.
        """
        paths = {name: Path(folder) / file for name, file in FILES.items()}
        missing = [path.name for path in paths.values() if not path.is_file()]
        if missing:
            raise UserError(
                f"{folder} holds no trained model: {', '.join(missing)} missing. Give the folder "
                "that training wrote."
            )
        parts = pd.read_csv(paths["splits"], sep="\t", dtype=str, index_col=keys.BARCODE)[COLUMN]
        history = pd.read_csv(paths["history"], sep="\t", float_precision="round_trip")
        return cls(load(paths["weights"], paths["card"]), history, parts)

    def save(self, folder: str | Path) -> None:
        """Write the four files of :data:`FILES`."""
        self.write(**{name: Path(folder) / file for name, file in FILES.items()})

    def write(
        self,
        *,
        weights: str | Path,
        card: str | Path,
        history: str | Path,
        splits: str | Path,
    ) -> None:
        """Write each file to a path of its own."""
        save(
            self.checkpoint.model,
            features=self.checkpoint.features,
            names=self.checkpoint.names,
            facts=self.card,
            weights=weights,
            card=card,
        )
        write_tsv(self.history, history, index=False)
        write_tsv(self.parts.rename_axis(keys.BARCODE).reset_index(), splits, index=False)

    @property
    def card(self) -> dict:
        """Facts about the training."""
        return self.checkpoint.card

    def split(self, barcodes: pd.Index) -> Split:
        """Divide cells into those that the model learnt from and others, by barcode.

        Cells of other datasets are new to the model: they count as validation cells.
        """
        parts = self.parts.reindex(barcodes).to_numpy()
        train, test = parts == "train", parts == "test"
        return Split(*(np.flatnonzero(part) for part in (train, ~(train | test), test)))

    def __repr__(self) -> str:
        config, card = self.checkpoint.model.config, self.card
        shapes = ", ".join(f"{name}: {s.n_features}" for name, s in config.modalities.items())
        return (
            f"Model({card['preset']}, seed {card['seed']}, {shapes}; {config.latent} dimensions, "
            f"best epoch {card['best_epoch']} of {card['epochs']})"
        )
