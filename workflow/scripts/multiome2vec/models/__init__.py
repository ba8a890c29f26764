"""Generative models of a cell: tensors in, tensors out; no AnnData and no files."""
