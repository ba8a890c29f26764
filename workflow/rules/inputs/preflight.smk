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
    """Where jobs run, and what they ask for."""
    cluster = bool(workflow.non_local_exec)
    others = set() if config["motifs"]["engine"] == "pycistarget" else {"run_pycistarget"}
    memory = {rule.name: asked_memory(rule) for rule in workflow.rules if rule.name not in others}
    return {
        "cores": None if cluster else int(workflow.cores),
        "cluster": cluster,
        "memory": {name: value for name, value in memory.items() if value},
        "device": config["training"]["device"],
        "models": dict(MODELS),
    }


def asked_memory(rule):
    """Memory (MB) that a rule asks for; None if it depends on the job."""
    asked = rule.resources.get("mem_mb")
    return None if asked is None or asked.is_evaluable() else asked.value
