"""Memory, time and GPUs that the rules ask for: by the size of the data, as workflow/resources.tsv has it.

Evaluated when a job is submitted, and again for every further attempt. Resources re-run nothing.
"""

from multiome2vec.costs.measures import (
    dataset_sizes,
    epochs_and_features,
    kind_sizes,
    sample_sizes,
)
from multiome2vec.costs.table import memory_request, read_table, time_request

try:
    COSTS = read_table(os.path.join(workflow.basedir, "workflow", "resources.tsv"))
except UserError as error:
    raise WorkflowError(str(error)) from None

# On one machine one job at a time has the GPU, unless --resources gpu=N says how many may. Not in
# profiles/default, whose `resources` would be put in the place of those of a cluster's profile.
if workflow.global_resources["_nodes"].value is None and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", 1)

KINDS = {"rna": "gene", "atac": "region"}  # modalities, as `kind` has them
TASKS = SCHEMA["properties"]["run"]["properties"]["tasks"]["items"]["enum"]
SLOWER_ENGINE = 4  # a sweep of lda and pycistopic over one of tomotopy (benchmarks/README.md)


def job_gpus():
    """GPUs of a job that uses a model: none where the configuration says that it has none."""
    return 0 if config["training"]["device"] == "cpu" else 1


def sizes_of_sample(sample):
    folder = f"results/{DATASET}/samples/{sample}"
    return sample_sizes(SAMPLES.loc[sample], folder, expected_bytes())


def sizes_of_dataset():
    topics = config["topics"]
    given = config["motifs"]["enrichment"]
    slower = 1 if topics["engine"] == "tomotopy" else SLOWER_ENGINE
    settings = {
        "max_cells": config["qc"]["max_cells"],
        "fit_cells": topics["fit_cells"],
        "iterations": slower * topics["iterations"],
        "topics": max(topics["grid"]),
        "collection": motif_files() if has_motif() else None,
        "bed": config["peaks"]["bed"] if config["peaks"]["source"] == "bed" else None,
        "genome": ASSEMBLY["fasta"],
        "databases": [given[key] for key in ("database", "scores_database") if given[key]],
    }
    return dataset_sizes(map(sizes_of_sample, SAMPLES.index), f"results/{DATASET}", settings)


def expected_bytes():
    """Bytes of the files that can be downloaded."""
    return {f"{DOWNLOADS}/{name}": entry.size for name, entry in CATALOGUE.items()}


def of_job(sizes, *, kind="region", k=None, models=MODELS):
    """Sizes of a dataset, and what a job takes of it; without wildcards that of the largest job."""
    of_models = [epochs_and_features(*model_settings(config, model), sizes) for model in models]
    return (
        sizes
        | kind_sizes(sizes, kind)
        | {
            "topics": float(k or sizes["topics"]),
            "epochs": max((epochs for epochs, _ in of_models), default=0),
            "features": max((features for _, features in of_models), default=0),
        }
    )


def job_sizes(wildcards):
    """Sizes of what a job works on, by the measures of multiome2vec.costs."""
    if "sample" in wildcards.keys():
        return sizes_of_sample(wildcards.sample)
    model = wildcards.get("model")
    return of_job(
        sizes_of_dataset(),
        kind=wildcards.get("kind") or KINDS.get(wildcards.get("modality"), "region"),
        k=wildcards.get("k"),
        models=[model] if model in MODELS else MODELS,
    )


def likely_memory():
    """Likely peak (MB) by rule that this dataset has use for, of its largest job."""
    samples = [sizes_of_sample(sample) for sample in SAMPLES.index]
    whole = [of_job(sizes_of_dataset())]
    found = {}
    for one in workflow.rules:
        if one.name in COSTS and is_used(one.name):
            sizes = samples if "sample" in one.wildcard_names else whole
            found[one.name] = max(COSTS[one.name].mb.at(job) for job in sizes)
    return found


def is_used(name):
    """Whether a rule runs for this dataset, as far as rules that need much memory depend on it."""
    wanted = config["run"]["tasks"]
    given = config["motifs"]["engine"] == "pycistarget"
    used = {task: task in wanted for task in TASKS}
    used |= dict.fromkeys(("pycistarget_inputs", "run_pycistarget", "pycistarget_tables"), given)
    used |= {
        "simulate": DATASET == "demo",
        "saliency_regions": "saliency" in wanted,
        "describe_embedding": "describe" in wanted,
        "motif_enrichment": not given,
        "annotate_atac": not has_rna() or is_bridged(),
        "composition": has_conditions(),
        "condition_effects": has_replicates(),
    }
    return used.get(name, True)


def job_memory(wildcards, attempt, rulename):
    """Resource function: memory in MB."""
    return memory_request(COSTS[rulename], job_sizes(wildcards), attempt)


def job_minutes(wildcards, attempt, threads, rulename):
    """Resource function: run time in minutes."""
    gpus = job_gpus() if "gpu" in workflow.get_rule(rulename).resources else 0
    sizes = job_sizes(wildcards)
    return time_request(COSTS[rulename], sizes, attempt, threads=threads, gpus=gpus)
