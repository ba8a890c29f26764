"""Models of three modalities with a handful of parameters."""

import torch
from multiome2vec.models.config import ModalitySpec, ModelConfig
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.sparse_rows import SparseRows

SPECS = {
    "rna": ModalitySpec(4, "log-library", "negative-binomial"),
    "atac": ModalitySpec(5, "tfidf-1", "poisson", weight=0.5),
    "motif": ModalitySpec(3, "identity", "gaussian", derived_from="atac"),
}


def sparse_rows(dense):
    """The values that are not 0 as sparse rows."""
    x = dense.to_sparse_csr()
    return SparseRows.from_csr(
        x.crow_indices(), x.col_indices(), x.values(), n_columns=dense.shape[1]
    )


def config(*names, **changes):
    specs = {name: SPECS[name] for name in names or SPECS}
    return ModelConfig(specs, n_batches=2, latent=2, hidden=(6,), dropout=0.0, **changes)


def build(*names, **changes):
    torch.manual_seed(0)
    return MultimodalVAE(config(*names, **changes)).eval()
