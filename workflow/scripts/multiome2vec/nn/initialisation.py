"""Initial weights other than those that layers give themselves."""

import torch
from torch import nn

from multiome2vec.nn.input_linear import InputLinear


@torch.no_grad()
def xavier(module: nn.Module) -> None:
    """Draw the weights of all linear layers anew, biases become 0.

    Uniform within ±√(6 / (inputs + outputs)) (Glorot & Bengio 2010); what is told beside the
    features of an :class:`~multiome2vec.nn.input_linear.InputLinear` counts as inputs.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
        elif isinstance(layer, InputLinear):
            n_inputs = len(layer.weight) + len(layer.covariate_weight)
            bound = (6 / (n_inputs + layer.n_outputs)) ** 0.5
            for weight in (layer.weight, layer.covariate_weight):
                nn.init.uniform_(weight, -bound, bound)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
