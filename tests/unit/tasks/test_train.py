import numpy as np
import pytest
from multiome2vec.data.splits import Split
from multiome2vec.errors import UserError
from multiome2vec.presets import configure
from multiome2vec.tasks.train import train_model
from toy_multiome import toy_multiome

SETTINGS = configure("trivae", {"hidden": [8], "latent": 2, "max_epochs": 2})
ALL, NONE = np.arange(40), np.zeros(0, int)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (Split(ALL, NONE), "none to choose the epoch by: it has 40 for training and 0 for valid"),
        (Split(NONE, ALL), "none to learn from: it has 0 for training and 40 for validation"),
    ],
    ids=["validation", "train"],
)
def test_a_split_without_one_of_its_parts_is_refused(split, message):
    with pytest.raises(UserError, match=message):
        train_model(toy_multiome(cells=40), SETTINGS, seed=0, split=split)
