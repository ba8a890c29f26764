"""Helpers of `annotate.smk`: which files and settings its rules use."""

GRAPH = {name: config["annotate"][name] for name in ("n_neighbors", "resolution")}


def cell_cycle_genes():
    """Genes of the phases of the cell cycle, if any."""
    table = config["annotate"]["cell_cycle"]
    return from_here_or_workflow(table) if table else []


def names_clusters():
    """Whether clusters take labels of a reference or of markers."""
    settings = config["annotate"]
    wanted = settings["labels"] == "auto" and not label_sources()
    return wanted and bool(settings["reference"] or settings["markers"])


def atac_annotation():
    """Clusters by ATAC of all cells that have it, where cells with ATAC alone need labels."""
    return "results/{dataset}/annotation/atac.h5ad" if is_bridged() else []


def needs_gene_activity():
    """Whether clusters of ATAC are named by genes: there is no RNA, or none of the same cells."""
    by_genes = is_bridged() and not has_pairs() and has_annotation()
    return by_genes or (names_clusters() and not has_rna())


def refuse_names_without_genes():
    """Stop before anything runs if clusters without RNA have no gene activity to be named by."""
    if names_clusters() and not has_rna() and not has_annotation():
        refuse(
            "annotate.reference and annotate.markers name clusters by genes. Without RNA these are "
            f"accessibility around genes: give assembly {ASSEMBLY_NAME} a gtf or tss."
        )


def annotation():
    """The clustered cells."""
    return f"results/{{dataset}}/annotation/{'rna' if has_rna() else 'atac'}.h5ad"


def label_sources():
    """Where the labels of each sample come from, without the samples that have none."""
    given = SAMPLES["labels"]
    return given[given != ""].to_dict() if config["annotate"]["labels"] == "auto" else {}


def label_files():
    """The sources that are tables."""
    return [source for source in label_sources().values() if not source.startswith("obs:")]


def labelled_objects():
    """The samples' own files in whose obs a source looks."""
    inside = [name for name, source in label_sources().items() if source.startswith("obs:")]
    return {name: SAMPLES.loc[name, "rna"] or SAMPLES.loc[name, "atac"] for name in inside}


refuse_names_without_genes()
