"""Helpers of `downloads.smk` and `preflight.smk`: the files that the dataset names."""


def sheet_files():
    """Files of the sample sheet."""
    columns = ["rna", "fragments", "atac", "labels"]
    paths = [path for path in SAMPLES[columns].to_numpy().ravel() if path]
    return sorted({path for path in paths if not path.startswith("obs:")})


def assembly_files():
    """Files of the assembly, and the region set to reuse."""
    names = ["fasta", "gtf", "tss", "chrom_sizes", "blacklist", "chromosome_names"]
    bed = region_set_to_reuse()
    return [ASSEMBLY[name] for name in names if ASSEMBLY[name]] + ([bed] if bed else [])


def region_set_to_reuse():
    """The BED file of `peaks.source: bed`."""
    return config["peaks"]["bed"] if REGION_CALLER == "bed" else None


def preflight_settings():
    """What the checks need to know besides the sample sheet and the assembly."""
    return {
        "min_overlap": config["ingest"]["min_overlap"],
        "barcode_translation": config["ingest"]["barcode_translation"],
        # where no peaks are called, labels may be of any size
        "min_cells": config["peaks"]["min_cells"] if REGION_CALLER not in ("bed", "input") else 0,
        "region_set": region_set_to_reuse(),
        "index": f"{GENOME}/genome.fa.fai" if has_genome() else None,
        "results": f"results/{DATASET}",
    }


def file_sources():
    """Where files that are not there come from."""
    return TABLES | {"made": list(map(str, rules.simulate.output))}


def machine_facts(wildcards):
    """Where jobs run, what they are likely to need, and what they may ask for."""
    cluster = bool(workflow.non_local_exec)
    return {
        "cores": None if cluster else int(workflow.cores),
        "cluster": cluster,
        "needs": likely_memory(),
        "fixed": fixed_memory(),
        "most": most_memory(),
        "device": config["training"]["device"],
        "models": dict(MODELS),
    }


def fixed_memory():
    """Memory (MB) by rule, where a profile or the command line sets it."""
    asked = {rule.name: rule.resources.get("mem_mb") for rule in workflow.rules}
    return {name: one.value for name, one in asked.items() if one and not one.is_evaluable()}


def most_memory():
    """Memory (MB) that any job may ask for (resources: mem_mb); None for no limit."""
    limit = workflow.global_resources.get("mem_mb")
    return limit.value if limit else None
