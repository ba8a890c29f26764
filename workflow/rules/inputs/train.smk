"""Helpers of `train.smk`: which files and settings its rules use."""

from multiome2vec.presets import REGISTRY as MODEL_PRESETS


def model_preset(wildcards):
    return config["models"][wildcards.model]["preset"]


def model_hyper(wildcards):
    """Hyperparameters of a model: all its settings but the name of the preset."""
    settings = config["models"][wildcards.model]
    return {key: value for key, value in settings.items() if key != "preset"}


def train_code(wildcards):
    preset = MODEL_PRESETS.module(model_preset(wildcards))
    return source_digest("multiome2vec.steps.train", preset)
