"""The state of a training on disk: tensors in safetensors, all else in JSON. No pickle.

``state.json`` names the file of tensors it belongs to and is replaced last, so that a crash at any
moment leaves a state that is whole.
"""

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from multiome2vec.io.atomic import atomic_path
from multiome2vec.training.distributed import Group
from multiome2vec.training.state import State

logger = logging.getLogger(__name__)

STATE = "state.json"
TENSORS = "tensors-{key}-{epoch:05d}-{step:06d}.safetensors"


class Store:
    """Saves the state of a training in a folder and restores it.

    Parameters
    ----------
    folder
        None to keep nothing.
    key
        Digest of everything that decides the result, by what it is of. A state with another key
        is not resumed.
    minutes
        Between two saves at the ends of epochs, at least.
    max_epochs
        A state beyond it is not resumed.
    """

    def __init__(
        self,
        folder: str | None,
        *,
        key: Mapping[str, str],
        minutes: float,
        max_epochs: int,
        group: Group,
    ) -> None:
        self.folder = Path(folder) if folder else None
        self.key = dict(key)
        self.max_epochs = max_epochs
        self.group = group
        self._seconds = 60 * minutes
        self._saved = time.monotonic()

    def due(self) -> bool:
        """Whether enough time has passed since the last save; the same in all processes."""
        return self.folder is not None and self.group.any(
            self.group.leader and time.monotonic() - self._saved >= self._seconds
        )

    def save(self, state: State) -> None:
        """Write the state, if a folder was given; every process has to call this."""
        if self.folder is None:
            return
        local = self.group.gather(state.local())
        if self.group.leader:
            name = TENSORS.format(key=digest(self.key), epoch=state.epoch, step=state.step)
            with atomic_path(self.folder / name) as partial:
                partial.write_bytes(to_bytes(state.tensors()))
            values = {"key": self.key, "tensors": name, "common": state.common(), "local": local}
            with atomic_path(self.folder / STATE) as partial:
                partial.write_text(json.dumps(values, allow_nan=False))  # in order: no sorted keys
            for path in self.folder.glob("tensors-*.safetensors"):
                if path.name != name:
                    path.unlink()
        self._saved = time.monotonic()

    def restore(self, state: State) -> bool:
        """Bring ``state`` to where the saved one is; False if there is none that fits."""
        if self.folder is None or not (self.folder / STATE).exists():
            return False
        values = json.loads((self.folder / STATE).read_text())
        reason = self._misfit(values)
        if reason:
            logger.warning("The state in %s is not resumed: %s.", self.folder, reason)
            return False
        state.restore(
            load_file(self.folder / values["tensors"]),
            common=values["common"],
            local=values["local"][self.group.rank],
        )
        logger.info("Resumed from %s at epoch %d, step %d.", self.folder, state.epoch, state.step)
        return True

    def _misfit(self, values: dict) -> str:
        """Why a saved state belongs to another training; empty if it belongs to this one."""
        saved = values["key"]
        names = sorted(saved.keys() | self.key.keys())
        changed = [name for name in names if saved.get(name) != self.key.get(name)]
        if changed:
            return f"it differs in {', '.join(changed)}"
        if not (self.folder / values["tensors"]).exists():
            return f"its tensors ({values['tensors']}) are gone"
        done = len(values["common"]["history"])
        if done > self.max_epochs:
            return f"it has {done} epochs and max_epochs is {self.max_epochs}"
        return ""


def digest(values: object) -> str:
    """First 16 hexadecimal digits of the SHA-256 of JSON values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
