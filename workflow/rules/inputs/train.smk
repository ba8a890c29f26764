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


def check_split():
    """Refuse a split by donors or batches that the sample sheet has fewer than two of.

    Here and not when a model is trained. What is said cell by cell is not known yet.
    """
    by = config["training"]["split_by"]
    if by == "cell" or not MODELS or any(text.startswith("obs:") for text in SAMPLES[by]):
        return
    without = [sample for sample, value in SAMPLES[by].items() if not value]
    if without or SAMPLES[by].nunique() < 2:
        wrong = f"{without[0]} has none" if without else f"all samples are {SAMPLES[by].iloc[0]}"
        refuse(
            f"training.split_by is {by}, but in the sample sheet {wrong}: at least two are needed, "
            f"and one for every sample. Fill the column '{by}', or set training.split_by to cell."
        )


check_split()
