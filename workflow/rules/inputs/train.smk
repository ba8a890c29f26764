"""Helpers of `train.smk`: which files and settings its rules use."""

from multiome2vec.presets import REGISTRY as MODEL_PRESETS


def model_preset(wildcards):
    return model_settings(config, wildcards.model)[0]


def model_hyper(wildcards):
    """Hyperparameters that a model's entry changes."""
    return model_settings(config, wildcards.model)[1]


def train_code(wildcards):
    preset = MODEL_PRESETS.module(model_preset(wildcards))
    return source_digest("multiome2vec.steps.train", preset)
