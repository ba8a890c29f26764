import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.nn.bodies import BODIES

OPTIONS = {"n_covariates": 2, "n_components": 4, "dropout": 0.0, "norm": "layer"}


def body(name, **options):
    torch.manual_seed(0)
    return BODIES[name](5, **{**OPTIONS, "widths": (8, 6), "activation": "relu", **options}).eval()


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    z, scores = (torch.randn(7, n, generator=generator) for n in (5, 4))
    return z, torch.eye(2)[torch.arange(7) % 2], scores.softmax(dim=1)


@pytest.mark.parametrize("name", BODIES)
def test_shape_and_gradients(name, inputs):
    module = body(name)
    z, covariate, responsibilities = (x.clone().requires_grad_() for x in inputs)
    y = module(z, covariate, responsibilities)
    assert y.shape == (7, module.n_outputs)
    y.square().sum().backward()
    assert all(p.grad.any() for p in module.parameters())
    assert z.grad.any()
    assert covariate.grad.any()
    assert (responsibilities.grad is not None) == name.startswith("cluster-attention")


def test_linear_is_the_identity_of_both_inputs(inputs):
    module = body("linear")
    y = module(*inputs[:2], None)
    torch.testing.assert_close(y, torch.cat(inputs[:2], dim=1))
    assert module.n_outputs == 7
    assert not list(module.parameters())


def test_mlp_ignores_responsibilities(inputs):
    module = body("mlp")
    assert module.n_outputs == 6
    torch.testing.assert_close(module(*inputs), module(*inputs[:2], None))


@pytest.mark.parametrize(
    ("name", "gate"),
    [
        ("cluster-attention", lambda a: 6 * a.exp() / a.exp().sum(1, keepdim=True)),
        ("cluster-attention-sigmoid", lambda a: 1 / (1 + (-a).exp())),
    ],
)
def test_cluster_attention_weights_the_hidden_layer(name, gate, inputs):
    module = body(name)
    hidden = body("mlp")
    hidden.load_state_dict(module.body.state_dict())
    scores = inputs[2] @ module.attention.weight.T + module.attention.bias
    expected = hidden(*inputs) * gate(scores)
    torch.testing.assert_close(module(*inputs), expected, atol=1e-5, rtol=1e-5)


def test_permuted_responsibilities_change_cluster_attention(inputs):
    z, covariate, responsibilities = inputs
    module = body("cluster-attention")
    permuted = module(z, covariate, responsibilities[:, [1, 2, 3, 0]])
    assert not torch.allclose(module(*inputs), permuted, atol=1e-3)


def test_cluster_attention_without_responsibilities(inputs):
    with pytest.raises(ValueError, match="needs responsibilities"):
        body("cluster-attention")(*inputs[:2], None)


@pytest.mark.parametrize("n_components", [None, 0])
def test_cluster_attention_without_components(n_components):
    with pytest.raises(UserError, match="mixture prior"):
        body("cluster-attention", n_components=n_components)


@pytest.mark.parametrize("name", ["cluster-attention", "cluster-attention-sigmoid"])
def test_another_number_of_components_goes_on_where_the_first_was(name):
    """The same for even responsibilities, of its own for others."""
    settings = {"n_covariates": 2, "widths": (6,), "dropout": 0.0}
    settings |= {"norm": "layer", "activation": "relu"}
    torch.manual_seed(0)
    first, second = (BODIES[name](4, n_components=k, **settings) for k in (3, 5))
    differences = second.attention.weight.diff(dim=1)
    z, covariate = torch.randn(7, 4), torch.eye(2)[[0, 1, 0, 1, 0, 1, 0]]
    second.take(first)
    even = [body(z, covariate, torch.full((7, k), 1 / k)) for body, k in ((first, 3), (second, 5))]
    torch.testing.assert_close(*even)
    torch.testing.assert_close(second.attention.weight.diff(dim=1), differences)
    assert not torch.allclose(second(z, covariate, torch.eye(5)[[0] * 7]), even[0])
