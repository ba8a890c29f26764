"""What to make: everything, or what is needed up to one stage (`snakemake qc`, ...)."""


include: "inputs/given.smk"
include: "inputs/targets.smk"


localrules:
    all,
    qc,
    peaks,
    topics,
    motifs,
    matrices,
    conditions,
    embed,
    evaluate,


rule qc:
    input:
        preflight_outputs(),
        qc_outputs(),


rule peaks:
    input:
        preflight_outputs(),
        peaks_outputs(),


rule topics:
    input:
        preflight_outputs(),
        topics_outputs(),


rule motifs:
    input:
        preflight_outputs(),
        motifs_outputs(),


rule matrices:
    input:
        preflight_outputs(),
        matrices_outputs(),


rule conditions:
    input:
        preflight_outputs(),
        conditions_outputs(),


rule embed:
    input:
        preflight_outputs(),
        embed_outputs(),


rule evaluate:
    input:
        preflight_outputs(),
        evaluate_outputs(),
