import torch
from multiome2vec.nn.gradient_reversal import BatchAdversary, reverse_gradient


def test_values_stay_and_gradients_are_reversed():
    torch.manual_seed(0)
    x = torch.randn(4, 3, requires_grad=True)
    weight = torch.randn(3, 2)
    (expected,) = torch.autograd.grad((x @ weight).tanh().sum(), x)
    y = reverse_gradient(x, 0.7)
    torch.testing.assert_close(y, x)
    (found,) = torch.autograd.grad((y @ weight).tanh().sum(), x)
    torch.testing.assert_close(found, -0.7 * expected)


def test_adversary_reverses_for_the_encoder_only():
    torch.manual_seed(0)
    adversary = BatchAdversary(3, 2, 8)
    z = torch.randn(16, 3, requires_grad=True)
    batch = torch.arange(16) % 2

    def gradients(strength):
        loss = torch.nn.functional.cross_entropy(adversary(z, strength), batch)
        return torch.autograd.grad(loss, [z, *adversary.parameters()])

    plain = torch.nn.functional.cross_entropy(adversary.head(adversary.hidden(z)), batch)
    expected, *own = torch.autograd.grad(plain, [z, *adversary.parameters()])
    for strength in (0.0, 1.0, 2.5):
        found, *parameters = gradients(strength)
        torch.testing.assert_close(found, -strength * expected)
        for a, b in zip(parameters, own, strict=True):
            torch.testing.assert_close(a, b)
