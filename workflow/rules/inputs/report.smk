"""Helpers of `report.smk`: which files and settings its rules use."""


def run_to_explore():
    """The first trained model with the first seed, or the first baseline."""
    return next(iter(runs()), "none/seed-0")


def notebook_labels():
    """How the report lists the notebook: beside the figures of its embedding."""
    model, _, seed = run_to_explore().partition("/")
    return {"result": "notebook", "model": model, "seed": seed.removeprefix("seed-")}


def resolved_config():
    """The configuration as this run uses it: of all datasets and assemblies, the one in use."""
    return {
        **config,
        "datasets": {DATASET: config["datasets"][DATASET]},
        "assemblies": {ASSEMBLY_NAME: ASSEMBLY},
    }


def page_source(wildcards):
    return f"results/{wildcards.dataset}/{PAGES[wildcards.page][0]}"


def page_category(wildcards):
    return PAGES[wildcards.page][1]


def page_labels(wildcards):
    return {"result": PAGES[wildcards.page][2]}
