"""Helpers of `tasks.smk`: which files and settings its rules use."""


def impute_quantile(wildcards):
    """Only accessibility is cut into open and closed."""
    return config["tasks"]["quantile"] if wildcards.modality == "atac" else None
