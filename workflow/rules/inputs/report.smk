"""Helpers of `report.smk`: which files and settings its rules use."""


def run_to_explore():
    """The first trained model with the first seed, or the first baseline."""
    return runs()[0]


def resolved_config():
    """The configuration as this run uses it: of all datasets and assemblies, the one in use."""
    return {
        **config,
        "datasets": {DATASET: config["datasets"][DATASET]},
        "assemblies": {ASSEMBLY_NAME: ASSEMBLY},
    }
