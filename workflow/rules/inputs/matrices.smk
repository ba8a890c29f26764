"""Helpers of `matrices.smk`: which files and settings its rules use."""


def multiome_inputs(wildcards):
    """The modalities that the dataset has, and the truth of simulated data."""
    results = f"results/{wildcards.dataset}"
    engine = config["topics"]["engine"]
    motif = {
        "deviations": f"{results}/motifs/deviations.h5ad",
        "auc": f"{results}/motifs/{config['motifs']['engine']}/auc.h5ad",
    }
    files = {
        "rna": (has_rna(), f"{results}/annotation/rna.h5ad"),
        "regions": (has_atac(), f"{results}/regions/regions.h5ad"),
        "topics": (has_atac(), f"{results}/topics/{engine}/topics.h5ad"),
        "motif": (has_motif(), motif[config["motifs"]["matrix"]]),
        "truth": (bool(TRUTH), TRUTH),
    }
    return {name: path for name, (there, path) in files.items() if there}
