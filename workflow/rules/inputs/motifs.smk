"""Helpers of `motifs.smk`: which files and settings its rules use."""


def motif_files():
    """The files of the collection, where it is no JASPAR release."""
    collection = config["motifs"]["collection"]
    if re.fullmatch(r"JASPAR\d{4}", collection):
        return []
    if not os.path.isdir(collection):
        return [collection]
    return sorted(entry.path for entry in os.scandir(collection) if entry.is_file())


REGION_SETS = ["topics_otsu", "topics_top_3k", "dars"]


def region_sets(wildcards):
    """Folders of region sets by kind."""
    folder = f"results/{wildcards.dataset}/topics/{config['topics']['engine']}/region_sets"
    return {kind: f"{folder}/{kind}" for kind in REGION_SETS}


GIVEN = {"rankings": "database", "scores": "scores_database", "factors": "factors"}


def given_databases(wildcards=None):
    """Rankings, scores and factors of their motifs, as far as the user names them."""
    paths = {name: config["motifs"]["enrichment"][key] for name, key in GIVEN.items()}
    return {f"given_{name}": path for name, path in paths.items() if path}


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
