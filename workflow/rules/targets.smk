"""What to make: everything, or what is needed up to one stage (`snakemake qc`, ...)."""


include: "inputs/targets.smk"


localrules:
    all,
    preflight,
    qc,
    peaks,
    topics,
    motifs,
    matrices,
    embed,
    evaluate,


rule preflight:
    input:
        preflight_outputs(),


rule qc:
    input:
        qc_outputs(),


rule peaks:
    input:
        peaks_outputs(),


rule topics:
    input:
        topics_outputs(),


rule motifs:
    input:
        motifs_outputs(),


rule matrices:
    input:
        matrices_outputs(),


rule embed:
    input:
        embed_outputs(),


rule evaluate:
    input:
        evaluate_outputs(),
