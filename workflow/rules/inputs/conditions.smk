"""Helpers of `conditions.smk`: which files and settings its rules use."""

EFFECT_SETTINGS = (
    "reference",
    "covariates",
    "min_cells",
    "min_replicates",
    "min_counts",
    "max_padj",
)


def effect_settings():
    """Settings of the tests of genes and regions."""
    return {name: config["conditions"][name] for name in EFFECT_SETTINGS}
