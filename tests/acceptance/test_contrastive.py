"""A cell is recognised across modalities."""

import math

from toy_presets import short


def test_loss_is_far_below_chance():
    """S4's heads ended at 94 % of chance."""
    trained = short("contrastive", projection=16, kl_warmup_epochs=4)
    smallest = len(trained.split.train) // -(-len(trained.split.train) // 64)
    chance = math.log(smallest)  # of one positive among the cells of a batch
    last = trained.fit.history[-1]
    assert last["train_contrastive"] < 0.7 * chance
    assert last["train_augmented"] < 0.7 * chance
