"""Helpers of `evaluate.smk`: which files and settings its rules use."""

from multiome2vec.baselines import REGISTRY as BASELINE_METHODS


from multiome2vec.metrics import REGISTRY as METRICS


def baseline_code(wildcards):
    return source_digest("multiome2vec.steps.baseline", BASELINE_METHODS.module(wildcards.model))


def metric_modules():
    return [METRICS.module(name) for name in config["evaluation"]["metrics"]]


def all_scores(wildcards):
    """The scores of every embedding of the dataset."""
    return [f"results/{wildcards.dataset}/evaluation/{run}.json" for run in runs()]
