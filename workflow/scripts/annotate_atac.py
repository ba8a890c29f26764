"""Adapter of rule annotate_atac."""

from multiome2vec.logs import job

with job(snakemake.log[0], threads=snakemake.threads):
    from multiome2vec.steps.annotate_atac import annotate_atac

    given, params = snakemake.input, snakemake.params
    annotate_atac(
        fragments=dict(zip(params.fragment_samples, given.fragments, strict=True)),
        regions=dict(zip(params.ready_samples, given.regions, strict=True)),
        barcodes=given.barcodes,
        chromosomes=given.chromosomes or None,
        out=snakemake.output.cells,
        n_components=params.n_components,
        harmony=params.harmony,
        graph=params.graph,
        seed=params.seed,
        genes=given.genes or None,
        activity=params.activity,
    )
