"""Fitting of models: data in batches, the loop, seeds and checkpoints."""
