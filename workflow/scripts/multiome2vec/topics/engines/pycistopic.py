"""LDA by pycisTopic, in an environment of the user's (``envs/pycistopic.yaml`` says how).

pycisTopic hands out normalised shares. The counts behind them follow exactly, for a cell's open
regions and a topic's tokens are known. Its log-likelihood is not used: sums in it are overwritten
instead of added. It keeps no record of the sampler's course, so the sample has one, at the end.
"""

import os
import tempfile
from types import SimpleNamespace

import numpy as np
from scipy import sparse

from multiome2vec.errors import UserError
from multiome2vec.topics.engines import register
from multiome2vec.topics.gibbs import GibbsSample, log_likelihood

SHORT = 30  # characters of a folder in which Ray's sockets still fit into 107
OBJECT_STORE = 100 * 2**20  # bytes that Ray keeps beside twice the matrix
ROUNDING = 1e-3  # largest distance from an integer of a count that was found again


@register("pycistopic")
def fit(
    matrix: sparse.csr_matrix, *, k: int, alpha: float, eta: float, iterations: int, seed: int
) -> GibbsSample:
    """Sample topics with pycisTopic (see :mod:`multiome2vec.topics.engines`)."""
    model = _run(matrix, k=k, alpha=alpha, eta=eta, iterations=iterations, seed=seed)
    topics = [f"Topic{number}" for number in range(1, k + 1)]
    # theta = (n_dk + alpha) / (n_d + K alpha), phi = (n_wk + eta) / (n_k + W eta)
    per_cell = np.asarray(matrix.sum(axis=1), dtype=float).reshape(-1, 1)
    theta = model.cell_topic.loc[topics].to_numpy(dtype=float).T
    cell_topic = _integers(theta * (per_cell + k * alpha) - alpha)
    per_topic = cell_topic.sum(axis=0)
    phi = model.topic_region[topics].to_numpy(dtype=float)
    region_topic = _integers(phi * (per_topic + matrix.shape[1] * eta) - eta)
    likelihood = log_likelihood(cell_topic, region_topic, alpha=alpha, eta=eta)
    return GibbsSample(
        cell_topic, region_topic, np.array([likelihood]), np.array([iterations]), "generic"
    )


def _run(matrix, *, k, alpha, eta, iterations, seed):
    """Let pycisTopic fit one model, in one worker of a Ray that lives in a folder of its own."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reports its use otherwise
    try:
        import ray
        from pycisTopic.lda_models import run_cgs_models
    except ImportError as error:
        raise UserError(
            f"topics.engine is pycistopic, but pycisTopic cannot be imported ({error}). It is not "
            "among the packages of this workflow: its licence allows academic, non-commercial use "
            "only. envs/pycistopic.yaml says how to make an environment with it; name that in "
            "topics.pycistopic_env and run with --software-deployment-method conda. Or set "
            "topics.engine to tomotopy or lda."
        ) from error
    binary = matrix.astype(np.int64)
    cells_and_regions = SimpleNamespace(
        binary_matrix=binary.T.tocsr(),
        cell_names=[str(cell) for cell in range(matrix.shape[0])],
        region_names=[str(region) for region in range(matrix.shape[1])],
    )
    size = binary.data.nbytes + binary.indices.nbytes + binary.indptr.nbytes
    with tempfile.TemporaryDirectory(prefix="ray", dir=_short_folder()) as folder:
        try:
            (model,) = run_cgs_models(
                cells_and_regions,
                n_topics=[k], n_cpu=1, n_iter=iterations, random_state=seed,
                alpha=alpha * k, alpha_by_topic=True, eta=eta, eta_by_topic=False,
                _temp_dir=folder, _node_ip_address="127.0.0.1", include_dashboard=False,
                log_to_driver=False, object_store_memory=OBJECT_STORE + 2 * size,
            )  # fmt: skip
        finally:
            ray.shutdown()  # before its folder goes, also after a failure
    return model


def _short_folder() -> str:
    """Name the folder for temporary files, or /tmp if Ray's sockets would not fit there."""
    folder = tempfile.gettempdir()
    return folder if len(folder) <= SHORT else "/tmp"


def _integers(values: np.ndarray) -> np.ndarray:
    """Round counts that are integers but for the error of the arithmetic."""
    counts = np.rint(values)
    error = np.abs(values - counts).max()
    if error > ROUNDING or counts.min() < 0:
        raise ArithmeticError(
            f"Counts of pycisTopic's model are off integers by up to {error:.2g}: it was not "
            "fitted with the priors that it was given."
        )
    return counts.astype(np.int64)
