"""How many components a mixture prior gets where the cells are to say."""

import random

import numpy as np
from sklearn.neighbors import kneighbors_graph

NEIGHBOURS, RESOLUTION = 15, 0.8  # of the graph and of Leiden, as `annotate` has them by default
ITERATIONS = 2  # of Leiden, as in `annotate`
BOUNDS = (2, 50)  # components
CELLS = 20_000  # whose graph is made, at most


def count_clusters(means: np.ndarray, *, seed: int) -> int:
    """Count the Leiden clusters of cells, within 2 and 50.

    Of the graph that joins every cell to its 15 nearest, by modularity (igraph's Leiden, two
    iterations). Of many cells, 20,000 evenly spread in the order of the cells are taken.

    Parameters
    ----------
    means
        Posterior means [N, D].
    seed
        Of Leiden.
    """
    import igraph

    taken = means[np.linspace(0, len(means) - 1, min(len(means), CELLS)).astype(np.int64)]
    n_neighbours = min(NEIGHBOURS, len(taken) - 1)
    near = kneighbors_graph(taken, n_neighbours).tocoo()
    edges = np.unique(np.sort(np.stack([near.row, near.col], axis=1), axis=1), axis=0)
    graph = igraph.Graph(n=len(taken), edges=edges)
    igraph.set_random_number_generator(random.Random(seed))
    try:
        found = graph.community_leiden(
            objective_function="modularity", resolution=RESOLUTION, n_iterations=ITERATIONS
        )
    finally:
        igraph.set_random_number_generator(random)
    return int(np.clip(len(found), *BOUNDS))
