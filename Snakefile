# multiome2vec: raw single-cell multiome data to matrices, joint embeddings and a scored report.
#
# Where results are (wildcards: dataset, sample, caller, engine, k, model, seed):
#   resources/downloads/{dataset}/..., references/{assembly}/...  files as delivered
#   resources/genomes/{assembly}/{genome.fa, chrom.sizes, chromosomes.tsv, tss.bed, promoters.bed, genes.bed, blacklist.bed}
#   results/{dataset}/preflight.tsv, inputs.tsv               every check of inputs and machine; the inputs that passed
#   results/{dataset}/samples/{sample}/...                    rna.h5ad, fragments, barcodes and QC of one sample
#   results/{dataset}/qc/{barcodes.pre.tsv, barcodes.tsv, counts.tsv, samples.tsv, *.png}
#   results/{dataset}/annotation/{rna.h5ad, atac.h5ad, labels.tsv, umap.png, gene_activity.h5ad}
#   results/{dataset}/peaks/{caller}/{groups.tsv, groups/, consensus.bed}
#   results/{dataset}/regions/regions.h5ad                    cells × consensus regions
#   results/{dataset}/topics/{engine}/{k}/topics.h5ad, topics/{engine}/{selection.tsv, topics.h5ad, by_label.png}
#   results/{dataset}/motifs/lightmotif/scores.h5ad, motifs/deviations.{h5ad, png}
#   results/{dataset}/motifs/{engine}/{enrichment.tsv, enrichment.html, dem.tsv, cistromes.h5ad, auc.h5ad}
#   results/{dataset}/matrices/multiome.h5mu, {gene,region,motif}_by_cell/, {gene,region,motif}_by_cell_comb.csv
#   results/{dataset}/conditions/{composition.tsv, composition_tests.tsv, {gene,region}_{effects.tsv.gz, summary.tsv}, *.png}
#   results/{dataset}/models/{model}/seed-{seed}/{weights.safetensors, card.json, history.tsv, splits.tsv}
#   results/{dataset}/embeddings/{model}/seed-{seed}.h5ad
#   results/{dataset}/tasks/{model}/seed-{seed}/{imputed_rna.zarr, imputed_atac.zarr, predict.json, match.json}
#   results/{dataset}/tasks/{model}/seed-{seed}/{loadings.tsv, markers.tsv, saliency*, reconstruction*}
#   results/{dataset}/evaluation/{model}/seed-{seed}.{json, clusters.tsv, shape.json}, leaderboard.tsv, tasks.tsv, *.png
#   results/{dataset}/notebooks/*.{ipynb,html}
#   logs/<rule>/<wildcards>.log, results/{dataset}/benchmarks/<rule>/<wildcards>.tsv

from snakemake.utils import min_version

min_version("9.0")


configfile: os.path.join(workflow.basedir, "config.yaml")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/targets.smk"


rule all:
    input:
        final_outputs(),


include: "workflow/rules/simulate.smk"
include: "workflow/rules/reference.smk"
include: "workflow/rules/downloads.smk"
include: "workflow/rules/preflight.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/qc.smk"
include: "workflow/rules/qc_plots.smk"
include: "workflow/rules/annotate.smk"
include: "workflow/rules/peaks.smk"
include: "workflow/rules/regions.smk"
include: "workflow/rules/topics.smk"
include: "workflow/rules/regulation.smk"
include: "workflow/rules/motifs.smk"
include: "workflow/rules/pycistarget.smk"
include: "workflow/rules/motif_plots.smk"
include: "workflow/rules/matrices.smk"
include: "workflow/rules/conditions.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/tasks.smk"
include: "workflow/rules/saliency.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/report.smk"
