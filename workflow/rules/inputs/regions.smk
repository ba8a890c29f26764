"""Helpers of `regions.smk`: which files and settings its rules use."""


def refuse_impossible_regions():
    """Stop where the dataset cannot be counted on one region set as configured."""
    source = config["peaks"]["source"]
    only_ready = [sample for sample in ready_atac_samples() if not has_fragments(sample)]
    if only_ready and (has_fragments() or source == "bed"):
        refuse(
            f"Sample(s) {', '.join(only_ready)} have a ready region matrix but no fragments, so "
            "they cannot be counted on the regions of the others or of a BED file. Give their "
            "fragments in the sample sheet, or make them a dataset of their own."
        )
    if source == "input" and has_fragments() and not has_ready_atac():
        refuse(
            "peaks.source: input takes the regions of ready matrices, but the sample sheet names "
            "none (column atac). Use peaks.source: call, or bed with a region set."
        )
    if source == "bed" and has_fragments() and not config["peaks"]["bed"]:
        refuse("peaks.source: bed needs the path of a region set in peaks.bed.")


def final_qc_inputs(wildcards):
    """What the dataset has of RNA and regions."""
    results = f"results/{wildcards.dataset}"
    files = {}
    if has_rna():
        files["rna"] = [f"{results}/samples/{sample}/rna.h5ad" for sample in rna_samples()]
        files["annotation"] = f"{results}/annotation/rna.h5ad"
    if has_atac():
        files["regions"] = f"{results}/regions/regions.h5ad"
    return files


refuse_impossible_regions()
