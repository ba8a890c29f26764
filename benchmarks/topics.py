"""Topic engines on simulated accessibility with known topics: python benchmarks/topics.py.

Prints, per engine and number of iterations: CPU and wall time, perplexity of held-out cells, mean
correlation of the topics with the true ones, and the rise of the log-likelihood at the end.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linear_sum_assignment

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from multiome2vec.topics import gibbs
from multiome2vec.topics.engines import REGISTRY
from multiome2vec.topics.foldin import perplexity

TOPICS, DEPTH, HELD_OUT = 16, 1_550, 200
ALPHA, ETA = 50 / TOPICS, 0.1  # the workflow's defaults


def simulate(n_cells: int, n_regions: int, seed: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Cells × regions, binary, about 3 % open, and the true topics (regions × topics)."""
    rng = np.random.default_rng(seed)
    own = rng.random((n_regions, TOPICS)) < 0.1  # regions a topic has more of than others
    phi = rng.gamma(2, size=(n_regions, 1)) * np.where(own, 10, 1)
    phi /= phi.sum(axis=0)
    theta = rng.dirichlet(np.full(TOPICS, 0.2), size=n_cells)
    rows = []
    for share in theta:
        chance = phi @ share
        found = rng.choice(n_regions, size=rng.poisson(DEPTH * 1.3), p=chance)
        rows.append(np.unique(found))
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.concatenate(rows)
    data = np.ones(len(indices), dtype=np.int32)
    return sparse.csr_matrix((data, indices, indptr), (n_cells, n_regions)), phi


def agreement(found: np.ndarray, true: np.ndarray) -> float:
    """Mean correlation of topics, matched one to one."""
    k = true.shape[1]
    correlation = np.corrcoef(found.T, true.T)[:k, k:]
    return correlation[linear_sum_assignment(-correlation)].mean()


def measure(engine: str, matrix, phi: np.ndarray, *, iterations: int, seed: int) -> dict:
    """Fit to all but the last cells, which measure perplexity."""
    fitted, held = matrix[:-HELD_OUT], matrix[-HELD_OUT:]
    some = np.flatnonzero(np.bincount(fitted.indices, minlength=matrix.shape[1]))
    wall, cpu = time.perf_counter(), time.process_time()
    sample = REGISTRY.get(engine)(
        fitted[:, some], k=TOPICS, alpha=ALPHA, eta=ETA, iterations=iterations, seed=seed
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    counts = np.zeros((matrix.shape[1], TOPICS), dtype=np.int64)
    counts[some] = sample.region_topic
    share = gibbs.topic_regions(counts, eta=ETA)
    rng = np.random.default_rng(0)
    return {
        "engine": engine,
        "iterations": iterations,
        "cpu_s": cpu,
        "wall_s": wall,
        "perplexity": perplexity(held, share, alpha=ALPHA, rng=rng),
        "correlation": agreement(share, phi),
        "climb_percent": 100 * gibbs.climb(sample.log_likelihood),
    }


def main() -> None:
    """Parse the options and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=2_000)
    parser.add_argument("--regions", type=int, default=50_000)
    parser.add_argument("--iterations", type=int, nargs="+", default=[150, 500])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    matrix, phi = simulate(options.cells, options.regions, options.seed)
    share = matrix.nnz / np.prod(matrix.shape)
    print(f"# {matrix.shape[0]} cells x {matrix.shape[1]} regions, {share:.1%} open")
    rows = [
        measure(engine, matrix, phi, iterations=iterations, seed=options.seed)
        for iterations in options.iterations
        for engine in ("tomotopy", "lda")
    ]
    print(pd.DataFrame(rows).round(4).to_csv(sep="\t", index=False))


if __name__ == "__main__":
    main()
