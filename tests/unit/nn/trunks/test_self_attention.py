import torch
from multiome2vec.nn.trunks.self_attention import N_TOKENS, ScalarAttention, TokenAttention
from torch.nn import functional


def test_tokens_by_scaled_dot_products():
    torch.manual_seed(0)
    layer = TokenAttention(12)
    hidden = torch.randn(5, 12)
    tokens = layer.tokens(hidden).view(5, N_TOKENS, 128)
    projected = functional.linear(
        tokens, layer.attention.in_proj_weight, layer.attention.in_proj_bias
    )
    query, key, value = (
        part.view(5, N_TOKENS, 8, 16).transpose(1, 2) for part in projected.split(128, dim=2)
    )
    scores = query @ key.transpose(2, 3) / 16**0.5
    by_hand = (scores.exp() / scores.exp().sum(3, keepdim=True)) @ value
    heads = functional.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(by_hand, heads, atol=1e-5, rtol=1e-5)
    attended = layer.attention.out_proj(heads.transpose(1, 2).reshape(5, N_TOKENS, 128))
    expected = functional.layer_norm(tokens + attended, (128,)).mean(dim=1)
    torch.testing.assert_close(layer(hidden), expected, atol=1e-5, rtol=1e-5)


def test_scalar_form_by_loops():
    torch.manual_seed(0)
    layer = ScalarAttention(12)
    with torch.no_grad():
        layer.projections.weight.mul_(5)  # attention far from uniform
    hidden = torch.randn(3, 12)
    query, key, value = layer.projections(hidden).detach().double().split(128, dim=1)
    expected = torch.zeros(3, 128, dtype=torch.double)
    for cell in range(3):
        for head in range(0, 128, 16):
            for i in range(head, head + 16):
                weights = [torch.exp(query[cell, i] * key[cell, j]) for j in range(head, head + 16)]
                for j, weight in zip(range(head, head + 16), weights, strict=True):
                    expected[cell, i] += weight / sum(weights) * value[cell, j]
    torch.testing.assert_close(layer(hidden), expected.float(), atol=1e-5, rtol=1e-5)
