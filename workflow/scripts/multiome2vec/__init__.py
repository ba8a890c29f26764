"""multiome2vec: raw single-cell multiome data to matrices, joint embeddings and a scored report."""

__version__ = "0.1.0"
