import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.nn import genome_tokens
from multiome2vec.nn.genome_tokens import BinPool, GenomeTokens, ResidualBlock, shifted
from multiome2vec.nn.sparse_rows import SparseRows
from torch.nn import functional

SEGMENTS = (50, 0, 23, 7, 1)
OPTIONS = {"dropout": 0.0, "norm": "layer", "activation": "relu"}


@pytest.fixture
def bins_of_three(monkeypatch):
    """81 features in bins of 3."""
    monkeypatch.setattr(genome_tokens, "MAX_BINS", 27)


@pytest.fixture
def x():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(4, sum(SEGMENTS), generator=generator)
    return x * (torch.rand(x.shape, generator=generator) < 0.5)


def tokens_of(n_covariates=0, segments=SEGMENTS):
    torch.manual_seed(0)
    return GenomeTokens(sum(segments), n_covariates=n_covariates, segments=segments, **OPTIONS)


def test_bins_by_loops(bins_of_three, x):
    pool = BinPool(SEGMENTS, 2)
    expected, segment, first = [], [], 0
    for chromosome, n in enumerate(SEGMENTS):
        n_tokens = -(-n // 12)
        bins = torch.zeros(4, 4 * n_tokens, 2)
        for j in range(n):
            bins[:, j // 3] += x[:, first + j, None] * pool.weight[first + j]
        expected.append(bins)
        segment += [chromosome] * n_tokens
        first += n
    expected = torch.cat(expected, dim=1)
    torch.testing.assert_close(pool(x), expected, atol=1e-5, rtol=1e-5)
    assert pool.segment.tolist() == segment


def test_bins_of_sparse_rows_in_any_order(bins_of_three, x):
    pool = BinPool(SEGMENTS, 2)
    sparse = SparseRows.from_csr(
        functional.pad((x != 0).sum(1).cumsum(0), (1, 0)),
        (x != 0).nonzero()[:, 1],
        x[x != 0],
        n_columns=x.shape[1],
    )
    torch.testing.assert_close(pool(sparse), pool(x), atol=1e-5, rtol=1e-5)
    start, stop = sparse.offsets[1:3].tolist()
    columns, values = sparse.columns.clone(), sparse.values.clone()
    columns[start:stop] = columns[start:stop].flip(0)
    values[start:stop] = values[start:stop].flip(0)
    mixed = SparseRows.from_csr(sparse.offsets, columns, values, n_columns=x.shape[1])
    torch.testing.assert_close(pool(mixed), pool(x), atol=1e-5, rtol=1e-5)


def test_few_features_are_bins_of_one_and_many_at_most_about_1024():
    assert BinPool((30, 20), 1).width == 1
    pool = BinPool((60_000, 40_001), 1)
    assert pool.width == 98
    assert 1020 < 4 * len(pool.segment) < 1032


def test_shifted_by_hand():
    tokens, segment = torch.arange(1.0, 7).view(1, 6, 1), torch.tensor([0, 0, 0, 2, 2, 3])
    assert shifted(tokens, segment, 1).flatten().tolist() == [2, 3, 0, 5, 0, 0]
    assert shifted(tokens, segment, -1).flatten().tolist() == [0, 1, 2, 0, 4, 0]
    assert not shifted(tokens, segment, 8).any()
    assert not shifted(tokens, torch.zeros(6), -8).any()


@pytest.mark.parametrize("dilation", [1, 2, 8])
def test_residual_block_is_a_convolution_of_each_chromosome(dilation):
    torch.manual_seed(0)
    block = ResidualBlock(dilation, **OPTIONS)
    segment = torch.tensor([0] * 11 + [1] * 3 + [2] * 6)
    tokens = torch.randn(4, 20, 64)
    kernel = block.convolution.weight.unflatten(1, (3, 64)).transpose(1, 2)
    expected = []
    for part in tokens.split([11, 3, 6], dim=1):
        start = functional.layer_norm(part, (64,)).relu().transpose(1, 2)
        convolved = functional.conv1d(
            start, kernel, block.convolution.bias, padding=dilation, dilation=dilation
        )
        expected.append(part + convolved.transpose(1, 2))
    expected = torch.cat(expected, dim=1)
    torch.testing.assert_close(block(tokens, segment), expected, atol=1e-5, rtol=1e-5)


def test_tokens_are_convolutions_of_each_chromosome(bins_of_three, x):
    module = tokens_of()
    module.blocks = torch.nn.ModuleList()
    kernel = module.convolution.weight.unflatten(1, (7, 16)).transpose(1, 2)
    expected = []
    for part in module.bins(x).split([20, 8, 4, 4], dim=1):
        convolved = functional.conv1d(part.transpose(1, 2), kernel, stride=4, padding=3)
        expected.append(convolved.transpose(1, 2))
    convolved, tokens = module(x, torch.zeros(4, 0))
    expected = torch.cat(expected, dim=1)
    torch.testing.assert_close(convolved, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(tokens, expected + module.position, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("segments", [SEGMENTS, (40, 41)])
def test_a_feature_reaches_the_tokens_of_its_chromosome_only(bins_of_three, segments, x):
    module = tokens_of(segments=segments)
    _, before = module(x, torch.zeros(4, 0))
    ends = torch.tensor(segments).cumsum(0).tolist()
    for chromosome, (n, end) in enumerate(zip(segments, ends, strict=True)):
        if n == 0:
            continue
        for j in (end - n, end - 1):
            other = x.clone()
            other[:, j] += 1
            changed = (module(other, torch.zeros(4, 0))[1] != before).any(dim=2).all(dim=0)
            assert changed.any()
            assert set(module.segment[changed].tolist()) == {chromosome}


def test_covariates_reach_every_token(bins_of_three, x):
    module = tokens_of(n_covariates=2)
    a, b = (module(x, torch.eye(2)[[i] * 4])[1] for i in range(2))
    assert (a != b).any(dim=2).all()


def test_without_positions():
    with pytest.raises(UserError, match="regions only"):
        GenomeTokens(5, n_covariates=0, segments=None, **OPTIONS)


def test_positions_of_other_features():
    with pytest.raises(UserError, match="have 4 features, but the modality 5"):
        GenomeTokens(5, n_covariates=0, segments=(1, 3), **OPTIONS)
