"""Helpers of `motifs.smk`: which files and settings its rules use."""


def motif_files():
    """The files of the collection, where it is no JASPAR release."""
    collection = config["motifs"]["collection"]
    if re.fullmatch(r"JASPAR\d{4}", collection):
        return []
    if not os.path.isdir(collection):
        return [collection]
    files = [entry for entry in os.scandir(collection) if entry.is_file()]
    return sorted(entry.path for entry in files if not entry.name.startswith("."))


REGION_SETS = ["topics_otsu", "topics_top_3k", "dars"]


def region_sets(wildcards):
    """Folders of region sets by kind."""
    folder = f"results/{wildcards.dataset}/topics/{config['topics']['engine']}/region_sets"
    return {kind: f"{folder}/{kind}" for kind in REGION_SETS}


GIVEN = {"rankings": "database", "scores": "scores_database", "factors": "factors"}


def refuse_factors_without_a_database():
    """Stop before anything runs if factors are named of which there are no motifs."""
    settings = config["motifs"]["enrichment"]
    if settings["factors"] and not (settings["database"] or settings["scores_database"]):
        refuse(
            "motifs.enrichment.factors is a table of a database's motifs, but no database is "
            "named. For the motifs of the collection use motifs.factors."
        )


def given_databases(wildcards=None):
    """Rankings, scores and factors of their motifs, as far as the user names them."""
    paths = {name: config["motifs"]["enrichment"][key] for name, key in GIVEN.items()}
    return {f"given_{name}": path for name, path in paths.items() if path}


def own_scores():
    """Scores of the dataset's regions, unless both databases are given."""
    both = {"given_rankings", "given_scores"} <= set(given_databases())
    return [] if both else "results/{dataset}/motifs/lightmotif/best_scores.zarr"


def shuffle_seed():
    """Seed of the shuffled sequences, if they are DEM's background."""
    settings = config["motifs"]["enrichment"]
    return settings["seed"] if settings["background"] == "shuffled" else None


def refuse_shuffled_sequences_without_scores():
    """Stop before anything runs if the scores of shuffled sequences cannot be had."""
    settings = config["motifs"]["enrichment"]
    if settings["background"] == "shuffled" and (
        settings["scores_database"] or config["motifs"]["engine"] == "pycistarget"
    ):
        refuse(
            "motifs.enrichment.background is shuffled, but a scores_database and the engine "
            "pycistarget have no scores of shuffled sequences. Set it to other_sets."
        )


def refuse_pycistarget_without_its_environment():
    """Stop before anything runs if pycistarget is asked for, but not where it is."""
    if config["motifs"]["engine"] == "pycistarget" and not config["motifs"]["pycistarget_env"]:
        refuse(
            "motifs.engine is pycistarget, but motifs.pycistarget_env names no environment that "
            "has pycistarget. Its licence allows academic, non-commercial use only, so it is yours "
            "to install: envs/pycistarget.yaml says how. Or set motifs.engine to lightmotif."
        )


def enrichment_thresholds():
    """From which score on a motif is enriched."""
    names = ("min_nes", "max_padj", "min_log2fc")
    return {name: config["motifs"]["enrichment"][name] for name in names}


def auc_ranking(wildcards):
    """What the regions of a cell are ranked by: its topics or its counts."""
    results = f"results/{wildcards.dataset}"
    if config["motifs"]["auc"]["ranking"] == "counts":
        return {
            "regions": f"{results}/regions/regions.h5ad",
            "barcodes": f"{results}/qc/barcodes.tsv",
        }
    return {"topics": f"{results}/topics/{config['topics']['engine']}/topics.h5ad"}


refuse_factors_without_a_database()
refuse_shuffled_sequences_without_scores()
refuse_pycistarget_without_its_environment()
