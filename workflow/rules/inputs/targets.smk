"""Helpers of `targets.smk`: which files and settings its rules use."""

RESULTS = f"results/{DATASET}"


def preflight_outputs():
    return [f"{RESULTS}/inputs.tsv"]


def qc_outputs():
    """Tables and figures of quality control that need no peaks."""
    figures = {"rna": has_rna(), "atac": has_atac(), "joint": has_rna() and has_atac()}
    return [
        f"{RESULTS}/qc/barcodes.pre.tsv",
        *(f"{RESULTS}/qc/{name}.png" for name, there in figures.items() if there),
    ]


def peaks_outputs():
    if not has_atac():
        return []
    return [f"{RESULTS}/peaks/{REGION_CALLER}/consensus.bed"]


def topics_outputs():
    folder = f"{RESULTS}/topics/{config['topics']['engine']}"
    names = ("topics.h5ad", "selection.tsv", "by_label.png", "quality.tsv", "dars.tsv")
    return [f"{folder}/{name}" for name in names] if has_atac() else []


def annotation_outputs():
    genes = [f"{RESULTS}/annotation/degs.tsv"] if has_rna() else []
    return [f"{RESULTS}/annotation/umap.png", *genes]


def motifs_outputs():
    if not has_motif():
        return []
    engine = config["motifs"]["engine"]
    names = (
        "deviations.h5ad",
        "deviations.png",
        f"{engine}/enrichment.tsv",
        f"{engine}/enrichment.html",
        f"{engine}/auc.h5ad",
    )
    return [f"{RESULTS}/motifs/{name}" for name in names]


def matrices_outputs():
    """The aligned matrices, their exports and the final account of cells."""
    kinds = {"gene": has_rna(), "region": has_atac(), "motif": has_motif()}
    activity = [f"{RESULTS}/annotation/gene_activity.h5ad"] if has_gene_activity() else []
    exports = [f"{RESULTS}/matrices/{kind}_by_cell" for kind, there in kinds.items() if there]
    return [
        f"{RESULTS}/matrices/multiome.h5mu",
        *activity,
        *(f"{export}/matrix.mtx.gz" for export in exports),
        *(f"{export}_comb.csv" for export in exports),
        f"{RESULTS}/qc/counts.tsv",
    ]


def runs():
    """Every embedding as `model/seed-n`: trained models with all seeds, baselines with the first."""
    trained = [f"{model}/seed-{seed}" for model in MODELS for seed in SEEDS]
    return trained + [f"{baseline}/seed-{SEEDS[0]}" for baseline in BASELINES]


def embed_outputs():
    return [f"{RESULTS}/embeddings/{run}.h5ad" for run in runs()]


def task_files(model):
    """Files of the tasks of a model, without their folder."""
    pairs = has_pairs() and {"rna", "atac"} <= set(MODELS[model])
    counted = [name for name in MODELS[model] if name != "motif"]
    files = {
        "impute": [f"imputed_{modality}.zarr" for modality in counted],
        "predict": ["predict.json"] if pairs else [],
        "match": ["match.json"] if pairs else [],
        "loadings": ["loadings.tsv", "markers.tsv"],
    }
    return [file for task in config["run"]["tasks"] for file in files[task]]


def task_outputs():
    """What the trained models are used for besides embeddings: path, model and seed."""
    return [
        (f"{RESULTS}/tasks/{model}/seed-{seed}/{file}", model, seed)
        for model in MODELS
        for seed in SEEDS
        for file in task_files(model)
    ]


def task_scores():
    """Of these, the files with scores."""
    return [output for output in task_outputs() if output[0].endswith(".json")]


def evaluate_outputs():
    losses = [f"{model}/seed-{seed}" for model in MODELS for seed in SEEDS]
    return [
        f"{RESULTS}/evaluation/leaderboard.tsv",
        f"{RESULTS}/evaluation/leaderboard.png",
        *(f"{RESULTS}/evaluation/{run}.umap.png" for run in runs()),
        *(f"{RESULTS}/evaluation/{run}.loss.png" for run in losses),
        *(path for path, _, _ in task_outputs()),
        *([f"{RESULTS}/evaluation/tasks.tsv"] if task_scores() else []),
    ]


# tables and texts as pages of the report: the file in results/{dataset}, category, title
PAGES = {
    "preflight": ("inputs.tsv", "1 Inputs", "checks of the inputs"),
    "samples": ("provenance/samples.tsv", "1 Inputs", "sample sheet"),
    "counts": ("qc/counts.tsv", "2 Quality control", "cells and features after each filter"),
    "leaderboard": ("evaluation/leaderboard.tsv", "7 Evaluation", "scores of all models, numbers"),
    "config": ("provenance/config.yaml", "8 Provenance", "configuration"),
    "software": ("provenance/software.tsv", "8 Provenance", "software versions"),
}
if task_scores():
    PAGES["tasks"] = ("evaluation/tasks.tsv", "7 Evaluation", "predictions and matches, numbers")


def report_outputs():
    """What only the report shows."""
    notebooks = [f"{RESULTS}/notebooks/explore_embedding.{kind}" for kind in ("ipynb", "html")]
    return [*notebooks, *(f"{RESULTS}/report/{page}.html" for page in PAGES)]


def final_outputs():
    """Everything that the dataset can give."""
    return [
        *preflight_outputs(),
        *qc_outputs(),
        *annotation_outputs(),
        *peaks_outputs(),
        *topics_outputs(),
        *motifs_outputs(),
        *matrices_outputs(),
        *embed_outputs(),
        *evaluate_outputs(),
        *report_outputs(),
    ]
