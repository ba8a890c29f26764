"""Gene activity against a loop over regions and genes, and on known places."""

import math

import numpy as np
import pandas as pd
import pytest
from multiome2vec.regulation.gene_activity import (
    gene_activity,
    gene_bodies,
    gene_weights,
    gene_windows,
    size_factors,
)
from scipy import sparse

WINDOW, DECAY = 100_000, 5000


def table(rows):
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "strand"])


def random_places(seed, n, *, longest, end=600_000):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, end, n)
    return pd.DataFrame(
        {
            "chrom": rng.choice(["chr1", "chr2", "chr3"], n),
            "start": start,
            "end": start + rng.integers(1, longest, n),
            "strand": rng.choice(["+", "-"], n),
        }
    )


def loop(regions, genes, *, window, decay):
    """The definition of the module, gene by gene and region by region."""
    bodies = [
        (gene.chrom, max(gene.start - 5000, 0), gene.end)
        if gene.strand == "+"
        else (gene.chrom, gene.start, gene.end + 5000)
        for gene in genes.itertuples()
    ]
    inverse = [1 / (end - start) for _, start, end in bodies]
    weights = np.zeros((len(regions), len(genes)))
    for g, (chrom, start, end) in enumerate(bodies):
        others = [body[1:] for o, body in enumerate(bodies) if o != g and body[0] == chrom]
        left, right = start - window, end + window
        for other in others:
            if other < (start, end):
                left = max(left, other[1])
            else:
                right = min(right, other[0])
        left, right = max(min(left, start - 1000), 0), max(right, end + 1000)
        factor = 1 + 4 * inverse[g] / (max(inverse) - min(inverse))
        for r, region in enumerate(regions.itertuples()):
            if region.chrom != chrom or region.end <= left or region.start >= right:
                continue
            distance = max(start - region.end, region.start - end, 0)
            weights[r, g] = factor * (math.exp(-distance / decay) + math.exp(-1))
    return weights


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_those_of_the_loop(seed):
    """Overlapping genes, nested genes, overlapping unsorted regions of different width."""
    genes = random_places(seed, 40, longest=[300, 30_000, 200_000][seed % 3])
    regions = random_places(seed + 100, 300, longest=[500, 9000][seed % 2], end=900_000)
    genes.index = [f"gene{i}" for i in range(len(genes))]
    found = gene_weights(regions, genes, window=WINDOW, decay=DECAY).toarray()
    expected = loop(regions, genes, window=WINDOW, decay=DECAY)
    assert (expected > 0).mean() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_windows_end_at_neighbours_but_reach_1_kb():
    genes = table(
        [
            ("chr1", 200_000, 210_000, "+"),  # body from 195,000
            ("chr1", 250_000, 260_000, "-"),  # body to 265,000
            ("chr1", 262_000, 270_000, "-"),  # overlaps it; body to 275,000
            ("chr2", 2000, 3000, "+"),  # near the chromosome's first base
        ]
    )
    body = gene_bodies(genes)
    assert body[["start", "end"]].to_numpy().tolist() == [
        [195_000, 210_000], [250_000, 265_000], [262_000, 275_000], [0, 3000],
    ]  # fmt: skip
    windows = gene_windows(body, window=WINDOW)[["start", "end"]].to_numpy().tolist()
    assert windows == [
        [95_000, 250_000], [210_000, 266_000], [261_000, 375_000], [0, 103_000],
    ]  # fmt: skip


def test_weight_falls_with_distance_and_body_counts_in_full():
    genes = table([("chr1", 500_000, 510_000, "+")])
    starts = [494_000, 496_000, 509_900, 515_000, 609_999, 610_000]
    regions = pd.DataFrame({"chrom": "chr1", "start": starts, "end": np.add(starts, 500)})
    found = gene_weights(regions, genes, window=WINDOW, decay=DECAY).toarray().ravel()
    distances = np.array([500, 0, 0, 5000, 99_999])  # the last region begins where the window ends
    np.testing.assert_allclose(found[:5], np.exp(-distances / 5000) + np.exp(-1), rtol=1e-5)
    assert found[5] == 0


def test_short_genes_weigh_up_to_five_times_as_much():
    body = gene_bodies(table([("chr1", 0, 1, "-"), ("chr1", 0, 995_000, "-")]))
    assert size_factors(body) == pytest.approx([5, 1], abs=0.03)


def test_counts_are_capped_and_no_gene_or_region_is_no_error():
    genes = table([("chr1", 500, 600, "+")])
    regions = pd.DataFrame({"chrom": ["chr1"], "start": [500], "end": [600]})
    counts = sparse.csr_matrix([[0], [1], [4], [90]])
    found = gene_activity(counts, regions, genes, window=WINDOW, decay=DECAY)
    assert found.format == "csr"
    expected = (1 + math.exp(-1)) * np.array([0, 1, 4, 4])
    np.testing.assert_allclose(found.toarray().ravel(), expected, rtol=1e-6)
    assert counts.max() == 90
    assert gene_weights(regions, genes[:0], window=WINDOW, decay=DECAY).shape == (1, 0)
    assert gene_weights(regions[:0], genes, window=WINDOW, decay=DECAY).shape == (0, 1)
    elsewhere = genes.assign(chrom="chr2")
    assert gene_weights(regions, elsewhere, window=WINDOW, decay=DECAY).nnz == 0
