"""Helpers of `topics.smk`: which files and settings its rules use."""

from multiome2vec.topics.engines import REGISTRY as TOPIC_ENGINES


def refuse_topics_off_the_grid():
    """Stop before anything is fitted if the number of topics asked for is not among them."""
    wanted, grid = config["topics"]["n_topics"], config["topics"]["grid"]
    if wanted != "auto" and wanted not in grid:
        refuse(
            f"topics.n_topics is {wanted}, which is not in topics.grid "
            f"({', '.join(map(str, grid))}). Add it to the grid, or choose one of these."
        )


def refuse_pycistopic_without_its_environment():
    """Stop before anything runs if pycisTopic is asked for, but not where it is."""
    if config["topics"]["engine"] == "pycistopic" and not config["topics"]["pycistopic_env"]:
        refuse(
            "topics.engine is pycistopic, but topics.pycistopic_env names no environment that has "
            "pycisTopic. Its licence allows academic, non-commercial use only, so it is yours to "
            "install: envs/pycistopic.yaml says how. Or set topics.engine to tomotopy or lda."
        )


def engines_of_the_locked_environment():
    """The engines of rule topic_model, as a pattern."""
    return "|".join(name for name in TOPIC_ENGINES.names() if name != "pycistopic")


def topic_grid(wildcards):
    """The models to choose from."""
    folder = f"results/{wildcards.dataset}/topics/{wildcards.engine}"
    return [f"{folder}/{k}/topics.h5ad" for k in config["topics"]["grid"]]


def topic_settings():
    """Settings of a topic model, all but the number of topics."""
    names = ("alpha", "eta", "iterations", "seed", "fit_cells", "held_out")
    return {name: config["topics"][name] for name in names}


def topic_engine_code(wildcards):
    return source_digest("multiome2vec.steps.topic_model", TOPIC_ENGINES.module(wildcards.engine))


refuse_topics_off_the_grid()
refuse_pycistopic_without_its_environment()
