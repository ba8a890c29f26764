"""Helpers of `peaks.smk`: which files and settings its rules use."""

from multiome2vec.peaks.callers import CALLERS as PEAK_CALLERS

CALLED = "(?!(?:bed|input)/)[a-z0-9]+"  # regions that are called here
CALLED_IN_CORE = (
    "(?!(?:bed|input|macs2)/)[a-z0-9]+"  # by a caller without an environment of its own
)


def refuse_windows_of_fragments():
    """Stop where a shift or an extension is set for whole fragments, which have neither."""
    for caller in PEAK_CALLERS.names():
        settings = config["peaks"][caller]
        given = [key for key in ("shift", "extsize") if settings.get(key) is not None]
        if given and settings["mode"] == "fragments":
            refuse(
                f"peaks.{caller}.{given[0]} has no effect on whole fragments. Leave it out, or set "
                f"peaks.{caller}.mode: insertions to pile up a window around either end of each."
            )


def blacklisted():
    """The assembly's blacklist, where it has one."""
    return f"{GENOME}/blacklist.bed" if ASSEMBLY["blacklist"] else []


def caller_settings(wildcards):
    """The section of the peak caller."""
    return config["peaks"][wildcards.caller]


def caller_digest(wildcards):
    """Digest of the step and of the one caller in use."""
    return source_digest("multiome2vec.steps.call_peaks", PEAK_CALLERS.module(wildcards.caller))


def given_sources(wildcards):
    """The user's BED file, or the ready matrices that have the regions."""
    if wildcards.caller == "bed":
        names = ASSEMBLY["chromosome_names"]
        return {"bed": config["peaks"]["bed"], **({"names": names} if names else {})}
    folder = f"results/{wildcards.dataset}/samples"
    return {"matrices": [f"{folder}/{sample}/regions.h5ad" for sample in ready_atac_samples()]}


refuse_windows_of_fragments()
