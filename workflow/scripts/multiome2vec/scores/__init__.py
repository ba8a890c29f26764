"""Scores of what a model is asked to do: arrays in, named floats out.

Embeddings are scored by :mod:`multiome2vec.metrics`, whose registry lists its own modules.
A score without a meaning for the data raises :class:`multiome2vec.metrics.Undefined`.
"""
