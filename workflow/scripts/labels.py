"""Adapter of rule labels."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.labels import labels

    labels(
        barcodes=snakemake.input.barcodes,
        annotation=snakemake.input.annotation,
        out=snakemake.output.labels,
        choice=snakemake.params.choice,
        sources=snakemake.params.sources,
        objects=snakemake.params.objects,
        reference=snakemake.input.reference or None,
        reference_label=snakemake.params.reference_label,
        markers=snakemake.input.markers or None,
        atac=snakemake.input.atac or None,
    )
