"""
What only the report shows: an executed notebook, the configuration, the software, tables as pages.

REQUIRED INPUTS: embeddings, matrices/multiome.h5mu, evaluation/leaderboard.tsv, inputs.tsv,
qc/counts.tsv

OUTPUTS: results/{dataset}/notebooks/explore_embedding.{ipynb,html},
results/{dataset}/provenance/{config.yaml, samples.tsv, software.tsv, left_out.tsv},
results/{dataset}/report/*.html
"""


include: "inputs/report.smk"


rule execute_notebook:
    input:
        notebook=local(os.path.join(workflow.basedir, "workflow/notebooks/explore_embedding.ipynb")),
        embedding=f"results/{{dataset}}/embeddings/{run_to_explore()}.h5ad",
        umap=f"results/{{dataset}}/evaluation/{run_to_explore()}.umap.tsv",
        mdata="results/{dataset}/matrices/multiome.h5mu",
        leaderboard="results/{dataset}/evaluation/leaderboard.tsv",
    output:
        notebook="results/{dataset}/notebooks/explore_embedding.ipynb",
    log:
        # the notebook as far as it ran: as a log it is kept if a cell fails
        notebook="logs/execute_notebook/{dataset}.ipynb",
        text="logs/execute_notebook/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/execute_notebook/all.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.notebook"),
    script:
        "../scripts/execute_notebook.py"


rule notebook_html:
    input:
        notebook="results/{dataset}/notebooks/explore_embedding.ipynb",
    output:
        html=report(
            "results/{dataset}/notebooks/explore_embedding.html",
            category="6 Embeddings",
            caption="../report/notebook.rst",
            labels=notebook_labels(),
        ),
    log:
        "logs/notebook_html/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/notebook_html/all.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.notebook"),
    script:
        "../scripts/notebook_html.py"


rule provenance:
    input:
        sheet=local(SHEET),
    output:
        config="results/{dataset}/provenance/config.yaml",
        sheet="results/{dataset}/provenance/samples.tsv",
        software="results/{dataset}/provenance/software.tsv",
        left_out="results/{dataset}/provenance/left_out.tsv",
    log:
        "logs/provenance/{dataset}.log",
    benchmark:
        "results/{dataset}/benchmarks/provenance/all.tsv"
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        config=resolved_config(),
        left_out=left_out(),
        code=source_digest("multiome2vec.steps.provenance"),
    script:
        "../scripts/provenance.py"


# Snakemake's report shows images and HTML, but offers other files for download only
rule report_page:
    input:
        source=page_source,
    output:
        html=report(
            "results/{dataset}/report/{page}.html",
            category=page_category,
            caption="../report/page.rst",
            labels=page_labels,
        ),
    log:
        "logs/report_page/{dataset}.{page}.log",
    benchmark:
        "results/{dataset}/benchmarks/report_page/{page}.tsv"
    wildcard_constraints:
        page="|".join(PAGES),
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        code=source_digest("multiome2vec.steps.report_page"),
    script:
        "../scripts/report_page.py"
