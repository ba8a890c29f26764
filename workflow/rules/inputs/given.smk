"""What the samples of the dataset allow, and what they do not."""


def atac_samples():
    return [sample for sample in SAMPLES.index if has_fragments(sample) or has_ready_atac(sample)]


def is_bridged():
    """Whether some samples have ATAC alone, and others RNA whose labels they take."""
    return has_rna() and any(not has_rna(sample) for sample in atac_samples())


def condition_levels():
    """Conditions that the sample sheet names; `obs:<column>` if they are said cell by cell."""
    return sorted(set(SAMPLES["condition"]) - {""})


def has_conditions():
    """Whether there may be conditions to compare."""
    levels = condition_levels()
    return len(levels) > 1 or any(level.startswith("obs:") for level in levels)


def replicates_by_condition():
    """Donors, or samples without donor, of every condition of the sample sheet."""
    donors = SAMPLES["donor"].where(SAMPLES["donor"] != "", SAMPLES.index.to_series())
    named = SAMPLES["condition"] != ""
    return donors[named].groupby(SAMPLES.loc[named, "condition"]).nunique().to_dict()


def has_replicates():
    """Whether two conditions may have replicates; what is said cell by cell is not known yet."""
    told = [*SAMPLES["donor"], *SAMPLES["condition"]]
    enough = [
        n >= config["conditions"]["min_replicates"] for n in replicates_by_condition().values()
    ]
    return any(text.startswith("obs:") for text in told) or sum(enough) > 1


def left_out():
    """What this dataset cannot give, each with the reason."""
    pairs = "no sample has RNA and ATAC of the same cells"
    both = {model: {"rna", "atac"} <= set(used) for model, used in MODELS.items()}
    found = []
    for task in ("predict", "match"):
        if task in config["run"]["tasks"] and not has_pairs():
            found.append((f"tasks: {task}", pairs))
        elif task in config["run"]["tasks"]:
            why = "the model does not use RNA and ATAC"
            found += [(f"tasks: {task} by {model}", why) for model in MODELS if not both[model]]
    if not has_motif():
        why = "the assembly has no fasta" if has_atac() else "no sample has ATAC"
        found.append(("motif activity", why))
    if not has_conditions():
        levels = condition_levels()
        why = f"all samples are {levels[0]}" if levels else "the column condition is empty"
        found.append(("comparisons of conditions", f"{why} in the sample sheet"))
    elif not has_replicates():
        numbers = ", ".join(f"{level} has {n}" for level, n in replicates_by_condition().items())
        need = (
            f"{config['conditions']['min_replicates']} donors (or samples) per condition are needed"
        )
        found.append(("genes and regions between conditions", f"{need}: {numbers}"))
    elif has_rna() and not has_counts_rna():
        found.append(("genes between conditions", "some RNA is log-normalised without counts"))
    return found
