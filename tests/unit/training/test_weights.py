import pytest
import torch
from multiome2vec.training.weights import BestWeights, MovingAverage


def test_best_weights_are_no_live_reference():
    layer, best = torch.nn.Linear(1, 1), BestWeights()
    kept = layer.weight.detach().clone()
    best.update(layer, loss=1.0, epoch=1)
    with torch.no_grad():
        layer.weight += 1
    best.update(layer, loss=2.0, epoch=2)
    best.restore(layer)
    assert torch.equal(layer.weight, kept)
    assert best.epoch == 1
    with torch.no_grad():
        layer.weight += 1
    assert torch.equal(best.tensors["weight"], kept)


def test_average_soon_forgets_the_first_weights():
    layer = torch.nn.Linear(1, 1)
    average = MovingAverage(layer, decay=0.999)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    expected = float(average.tensors["weight"])
    for n in range(50):
        average.update(layer)
        decay = (1 + n) / (10 + n)
        expected = decay * expected + (1 - decay) * 1.0
    assert float(average.tensors["weight"]) == pytest.approx(expected, abs=1e-6)
    assert expected == pytest.approx(1.0, abs=1e-6)


def test_average_is_applied_inside_a_block_only():
    layer = torch.nn.BatchNorm1d(1)
    average = MovingAverage(layer, decay=0.9)
    with torch.no_grad():
        layer.weight.fill_(3.0)
    layer.running_mean.fill_(7.0)
    with average.applied(layer):
        assert float(layer.weight) == 1
        assert float(layer.running_mean) == 7
    assert float(layer.weight) == 3


def test_average_is_put_back_after_an_error():
    layer = torch.nn.Linear(1, 1)
    average = MovingAverage(layer, decay=0.9)
    with torch.no_grad():
        layer.weight.fill_(3.0)
    with pytest.raises(ZeroDivisionError), average.applied(layer):
        _ = 1 / 0
    assert float(layer.weight) == 3
