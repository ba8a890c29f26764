"""Helpers of `qc.smk`: which files and settings its rules use."""

from multiome2vec.doublets.callers import CALLERS

RNA_THRESHOLDS = ("mode", "min_genes", "max_genes", "max_pct_mt", "mads_counts", "mads_mt")


ATAC_THRESHOLDS = ("mode", "min_log10_fragments", "min_tsse", "max_nucleosome_signal")


def of_sample(sample, section):
    """Section rna, doublets or atac of qc, with what qc.samples changes for a sample."""
    return {**config["qc"][section], **config["qc"]["samples"].get(sample, {}).get(section, {})}


def sample_settings(section, names):
    """Parameter function: some settings of a section for the sample of the job."""
    return lambda wildcards: {name: of_sample(wildcards.sample, section)[name] for name in names}


def sample_setting(section, name):
    """Parameter function: one setting of a section for the sample of the job."""
    return lambda wildcards: of_sample(wildcards.sample, section)[name]


def refuse_settings_of_no_sample():
    """Stop where qc.samples names a sample that the sheet does not have."""
    for name in config["qc"]["samples"]:
        if name not in SAMPLES.index:
            refuse(
                f"qc.samples has '{name}', but the samples of {SHEET} are "
                f"{', '.join(SAMPLES.index)}."
            )


def places_of_genes(wildcards):
    """Which genes are on which chromosomes, where the assembly says it."""
    if not ASSEMBLY["gtf"] or not (has_genome() or ASSEMBLY["chrom_sizes"]):
        return {}
    return {"genes": f"{GENOME}/genes.bed", "chromosomes": f"{GENOME}/chromosomes.tsv"}


def fewest_cells():
    """Cells below which a sample has failed; never more than qc.max_cells leaves."""
    limits = [config["qc"]["min_sample_cells"], config["qc"]["max_cells"]]
    return min(limit for limit in limits if limit is not None)


def least_frip():
    """Least fraction of fragments in regions by sample; None for no limit."""
    found = {sample: of_sample(sample, "atac") for sample in SAMPLES.index}
    return {name: own["min_frip"] if own["mode"] == "auto" else None for name, own in found.items()}


def one_of(samples):
    """Wildcard constraint: one of these samples (nothing, if there are none)."""
    return "|".join(re.escape(sample) for sample in samples) or "(?!)"


def ready_only_samples():
    """Samples whose only ATAC is a ready matrix."""
    return [sample for sample in ready_atac_samples() if not has_fragments(sample)]


def of_samples(name, samples):
    """A file of each of some samples."""
    return expand("results/{{dataset}}/samples/{sample}/{name}", sample=samples, name=name)


def doublet_caller_modules():
    """The module of the caller in use."""
    caller = config["qc"]["doublets"]["caller"]
    return [] if caller == "none" else [CALLERS.module(caller)]


refuse_settings_of_no_sample()
