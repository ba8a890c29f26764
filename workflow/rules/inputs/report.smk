"""Helpers of `report.smk`: which files and settings its rules use."""


def embedding_to_explore():
    """The first trained model with the first seed, or the first baseline."""
    return f"results/{{dataset}}/embeddings/{runs()[0]}.h5ad"


def resolved_config():
    """The configuration as this run uses it: of all datasets and assemblies, the one in use."""
    return {
        **config,
        "datasets": {DATASET: config["datasets"][DATASET]},
        "assemblies": {ASSEMBLY_NAME: ASSEMBLY},
    }
