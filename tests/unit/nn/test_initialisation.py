import pytest
import torch
from multiome2vec.nn.initialisation import xavier
from multiome2vec.nn.input_linear import InputLinear
from torch import nn


def test_weights_fill_the_interval_of_inputs_and_outputs_and_biases_are_0():
    torch.manual_seed(0)
    module = nn.Sequential(InputLinear(300, 4, 200), nn.LayerNorm(200), nn.Linear(200, 400))
    reference = nn.Linear(200, 400)
    nn.init.xavier_uniform_(reference.weight)
    xavier(module)
    first, norm, last = module
    for layer, bound in ((first, (6 / 504) ** 0.5), (last, (6 / 600) ** 0.5)):
        assert float(layer.weight.detach().abs().max()) == pytest.approx(bound, rel=1e-3)
        assert float(layer.weight.detach().mean()) == pytest.approx(0, abs=bound / 100)
        assert not layer.bias.any()
    assert float(first.covariate_weight.detach().abs().max()) == pytest.approx(
        (6 / 504) ** 0.5, rel=0.02
    )
    assert float(last.weight.detach().std()) == pytest.approx(
        float(reference.weight.detach().std()), rel=0.01
    )
    assert (norm.weight == 1).all()


def test_layers_without_a_bias():
    layer = nn.Linear(3, 5, bias=False)
    xavier(layer)
    assert float(layer.weight.detach().abs().max()) <= (6 / 8) ** 0.5
