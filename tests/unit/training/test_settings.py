import subprocess
import sys

import pytest
from multiome2vec.errors import UserError
from multiome2vec.training.schedules import Schedule
from multiome2vec.training.settings import Optimisation, RunSettings


def test_the_warm_ups_are_over_with_the_longest():
    assert Optimisation().settled == 1
    schedules = {"kl": Schedule("linear", epochs=20), "cycle": Schedule(delay=30)}
    assert Optimisation(schedules=schedules).settled == 30
    assert Optimisation(schedules=schedules, lr_warmup_epochs=40).settled == 40


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimiser": "sgd"}, "no optimiser 'sgd'. Known: adamw, adam"),
        ({"lr_schedule": "step"}, "no lr_schedule 'step'"),
        ({"accumulation": 0}, "accumulation = 0"),
        ({"ema_decay": 1.0}, "ema_decay = 1"),
        ({"plateau_factor": 1.0}, "plateau_factor = 1 "),
    ],
)
def test_impossible_optimisation_is_refused(changes, message):
    with pytest.raises(UserError, match=message):
        Optimisation(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"precision": "fp16"}, "no precision 'fp16'. Known: fp32, tf32, bf16"),
        ({"time_limit_minutes": 5}, "needs a checkpoint_dir"),
    ],
)
def test_impossible_run_is_refused(changes, message):
    with pytest.raises(UserError, match=message):
        RunSettings(**changes)


def test_settings_need_no_torch():
    code = "import sys, multiome2vec.training.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
