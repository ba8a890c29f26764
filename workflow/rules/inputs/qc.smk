"""Helpers of `qc.smk`: which files and settings its rules use."""

from multiome2vec.doublets.callers import CALLERS

RNA_THRESHOLDS = ("mode", "min_genes", "max_genes", "max_pct_mt", "mads_counts", "mads_mt")


ATAC_THRESHOLDS = ("mode", "min_log10_fragments", "min_tsse", "max_nucleosome_signal")


def qc_settings(section, names):
    """Some settings of qc.rna or qc.atac."""
    return {name: config["qc"][section][name] for name in names}


def one_of(samples):
    """Wildcard constraint: one of these samples (nothing, if there are none)."""
    return "|".join(re.escape(sample) for sample in samples) or "(?!)"


def ready_only_samples():
    """Samples whose only ATAC is a ready matrix."""
    return [sample for sample in ready_atac_samples() if not has_fragments(sample)]


def atac_samples():
    return [sample for sample in SAMPLES.index if has_fragments(sample) or has_ready_atac(sample)]


def of_samples(name, samples):
    """A file of each of some samples."""
    return expand("results/{{dataset}}/samples/{sample}/{name}", sample=samples, name=name)


def doublet_caller_modules():
    """The module of the caller in use."""
    caller = config["qc"]["doublets"]["caller"]
    return [] if caller == "none" else [CALLERS.module(caller)]
