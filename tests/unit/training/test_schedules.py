import json
from dataclasses import asdict

import numpy as np
import pytest
from multiome2vec.errors import UserError
from multiome2vec.training.schedules import SHAPES, Schedule, weights_at

EPOCHS = np.concatenate([np.arange(13), [0.5, 3.25, 7.9, 39, 40, 41.5, 119]])


def ramps(p):
    """The three ramps of the specification at progress p."""
    return {
        "linear": p,
        "cosine": (1 - np.cos(np.pi * p)) / 2,
        "exponential": (np.exp(p) - 1) / (np.e - 1),
    }


def values(schedule):
    return [schedule.at(epoch) for epoch in EPOCHS]


def test_constant():
    assert values(Schedule(value=0.3)) == [0.3] * len(EPOCHS)


@pytest.mark.parametrize("kind", SHAPES)
def test_ramp_then_value(kind):
    expected = 0.7 * ramps(np.minimum(EPOCHS / 8, 1))[kind]
    np.testing.assert_allclose(values(Schedule(kind, value=0.7, epochs=8)), expected, atol=1e-15)


@pytest.mark.parametrize("kind", SHAPES)
def test_ramp_between_two_bounds_may_fall(kind):
    expected = 2 + (0.5 - 2) * ramps(np.minimum(EPOCHS / 8, 1))[kind]
    schedule = Schedule(kind, value=0.5, start=2, epochs=8)
    np.testing.assert_allclose(values(schedule), expected, atol=1e-15)


@pytest.mark.parametrize("style", SHAPES)
@pytest.mark.parametrize("length", [10, 40])
def test_cycles_that_decay_have_the_closed_form(style, length):
    """max(w · ramp(p) · δ^c, 0.01 w) with c = ⌊e / T⌋ and p = (e mod T) / T."""
    cycle, p = np.floor(EPOCHS / length), np.mod(EPOCHS, length) / length
    expected = np.maximum(0.1 * ramps(p)[style] * 0.9**cycle, 0.001)
    schedule = Schedule("cyclical", value=0.1, epochs=length, style=style, decay=0.9, floor=0.01)
    np.testing.assert_allclose(values(schedule), expected, rtol=1e-12)


@pytest.mark.parametrize("style", SHAPES)
def test_cycles_stay_at_the_top_after_their_ramp(style):
    p = np.minimum(np.mod(EPOCHS, 6) / (0.5 * 6), 1)
    schedule = Schedule("cyclical", epochs=6, ramp=0.5, style=style)
    np.testing.assert_allclose(values(schedule), ramps(p)[style], atol=1e-15)


@pytest.mark.parametrize("kind", ["constant", "linear", "cyclical"])
def test_delay_shifts_a_schedule(kind):
    plain, delayed = (Schedule(kind, epochs=4, start=0.1, delay=d) for d in (0, 5))
    for epoch in EPOCHS:
        assert delayed.at(epoch) == (plain.at(epoch - 5) if epoch >= 5 else 0.1)


def test_no_warm_up_is_the_value_at_once():
    assert Schedule("linear", epochs=0).at(0) == 1


@pytest.mark.parametrize(
    ("schedule", "epoch"),
    [
        (Schedule(delay=3), 3),
        (Schedule("cosine", epochs=20), 20),
        (Schedule("linear", epochs=20, delay=5), 25),
        (Schedule("cyclical", epochs=10, ramp=0.5), 5),
    ],
)
def test_settled_is_the_first_epoch_at_the_value(schedule, epoch):
    assert schedule.settled == epoch
    assert schedule.at(epoch) == 1
    assert schedule.at(epoch - 0.01) < 1


def test_json_keeps_a_schedule():
    schedule = Schedule("cyclical", value=0.1, epochs=10, style="cosine", decay=0.9, floor=0.01)
    assert Schedule(**json.loads(json.dumps(asdict(schedule)))) == schedule


def test_named_weights():
    schedules = {"kl": Schedule("linear", epochs=4), "cycle": Schedule(value=0.3, delay=2)}
    assert weights_at(schedules, 1) == {"kl": 0.25, "cycle": 0.0}
    assert weights_at(schedules, 2) == {"kl": 0.5, "cycle": 0.3}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "cosin"}, "no kind 'cosin'. Known: constant, linear"),
        ({"style": "step"}, "no style 'step'"),
        ({"kind": "cyclical"}, "Epochs of a cycle must be positive"),
        ({"kind": "linear", "delay": -1}, "delay = -1"),
        ({"ramp": 0}, "ramp = 0"),
        ({"decay": 1.1}, "decay = 1.1"),
    ],
)
def test_impossible_schedules_are_refused(changes, message):
    with pytest.raises(UserError, match=message):
        Schedule(**changes)
