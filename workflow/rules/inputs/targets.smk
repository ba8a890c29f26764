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
    maps = ["umap.png", *(["umap_atac.png"] if is_bridged() else [])]
    return [*(f"{RESULTS}/annotation/{name}" for name in maps), *genes]


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


def conditions_outputs():
    """Shares of labels by condition, where the sheet has several; with replicates also effects."""
    if not has_conditions():
        return []
    kinds = {"gene": has_counts_rna(), "region": has_atac()} if has_replicates() else {}
    folder = f"{RESULTS}/conditions"
    effects = [
        f"{folder}/{kind}_{name}"
        for kind, there in kinds.items()
        if there
        for name in ("effects.tsv.gz", "summary.tsv", "effects.png")
    ]
    return [f"{folder}/composition_tests.tsv", f"{folder}/composition.png", *effects]


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
    regions = [".bed", "_labels.bed"] if "atac" in MODELS[model] else []
    saliency = [".tsv.gz", "_labels.tsv.gz", *regions]
    files = {
        "impute": [f"imputed_{modality}.zarr" for modality in counted],
        "predict": ["predict.json"] if pairs else [],
        "match": ["match.json"] if pairs else [],
        "loadings": ["loadings.tsv", "markers.tsv"],
        "reconstruct": ["reconstruction.json", "reconstruction.png"],
        "saliency": [f"saliency{name}" for name in saliency],
        "describe": [],
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


def shape_outputs():
    """What embeddings look like, baselines included."""
    names = ("clusters.tsv", "shape.json", "shape.png", "maps.png")
    wanted = "describe" in config["run"]["tasks"]
    return [f"{RESULTS}/evaluation/{run}.{name}" for run in runs() for name in names if wanted]


def evaluate_outputs():
    losses = [f"{model}/seed-{seed}" for model in MODELS for seed in SEEDS]
    return [
        f"{RESULTS}/evaluation/leaderboard.tsv",
        f"{RESULTS}/evaluation/leaderboard.png",
        *(f"{RESULTS}/evaluation/{run}.umap.png" for run in runs()),
        *(f"{RESULTS}/evaluation/{run}.loss.png" for run in losses),
        *shape_outputs(),
        *(path for path, _, _ in task_outputs()),
        *([f"{RESULTS}/evaluation/tasks.tsv"] if task_scores() else []),
    ]


# tables and texts as pages of the report: the file in results/{dataset}, category, title
PAGES = {
    "preflight": ("inputs.tsv", "1 Inputs", "checks of the inputs"),
    "samples": ("provenance/samples.tsv", "1 Inputs", "sample sheet"),
    "sample_qc": ("qc/samples.tsv", "2 Quality control", "cells of every sample after each filter"),
    "counts": ("qc/counts.tsv", "2 Quality control", "cells and features after each filter"),
    "leaderboard": ("evaluation/leaderboard.tsv", "7 Evaluation", "scores of all models, numbers"),
    "left_out": (
        "provenance/left_out.tsv",
        "9 Provenance",
        "what this dataset cannot give, and why",
    ),
    "config": ("provenance/config.yaml", "9 Provenance", "configuration"),
    "software": ("provenance/software.tsv", "9 Provenance", "software versions"),
}
if task_scores():
    PAGES["tasks"] = (
        "evaluation/tasks.tsv",
        "7 Evaluation",
        "predictions, matches and reconstructions, numbers",
    )
PAGES |= {
    Path(path).stem: (path.removeprefix(f"{RESULTS}/"), "8 Conditions", title)
    for name, title in (
        ("composition_tests.tsv", "shares of the labels, tests"),
        ("gene_summary.tsv", "genes, numbers and reasons"),
        ("region_summary.tsv", "regions, numbers and reasons"),
    )
    for path in conditions_outputs()
    if path.endswith(name)
}


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
        *conditions_outputs(),
        *embed_outputs(),
        *evaluate_outputs(),
        *report_outputs(),
    ]
