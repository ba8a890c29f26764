"""Topic engines on simulated accessibility with known topics: python benchmarks/topics.py.

Prints, per engine and number of iterations: CPU and wall time, perplexity of held-out cells, mean
correlation of the topics' shares in cells and of the regions' shares in topics with the true ones
(sampling noise bounds the latter), and the rise of the log-likelihood at the end.
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


def simulate(n_cells: int, n_regions: int, seed: int) -> tuple[sparse.csr_matrix, dict]:
    """Cells × regions, binary, about 4 % open, and the truth: cells and regions × topics."""
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
    matrix = sparse.csr_matrix((data, indices, indptr), (n_cells, n_regions))
    return matrix, {"cells": theta, "regions": phi}


def agreement(found: dict, true: dict) -> dict:
    """Mean correlations of topics, matched one to one by their shares in cells."""
    by = {name: np.corrcoef(found[name].T, true[name].T)[:TOPICS, TOPICS:] for name in true}
    match = linear_sum_assignment(-by["cells"])
    return {f"correlation_{name}": by[name][match].mean() for name in true}


def measure(engine: str, matrix, truth: dict, *, iterations: int, seed: int) -> dict:
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
    found = {"cells": gibbs.cell_topics(sample.cell_topic, alpha=ALPHA), "regions": share}
    true = {"cells": truth["cells"][:-HELD_OUT], "regions": truth["regions"]}
    return {
        "engine": engine,
        "iterations": iterations,
        "cpu_s": cpu,
        "wall_s": wall,
        "perplexity": perplexity(held, share, alpha=ALPHA, rng=rng),
        **agreement(found, true),
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
    matrix, truth = simulate(options.cells, options.regions, options.seed)
    share = matrix.nnz / np.prod(matrix.shape)
    print(f"# {matrix.shape[0]} cells x {matrix.shape[1]} regions, {share:.1%} open")
    rows = [
        measure(engine, matrix, truth, iterations=iterations, seed=options.seed)
        for iterations in options.iterations
        for engine in ("tomotopy", "lda")
    ]
    print(pd.DataFrame(rows).round(4).to_csv(sep="\t", index=False))


if __name__ == "__main__":
    main()
