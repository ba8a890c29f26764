"""
Public data and references: any file of the tables of downloads (resources/*.tsv), when a rule or a
target asks for it.

REQUIRED INPUTS: none; the network, or `downloads.mirror`.

OUTPUTS: resources/downloads/{dataset}/{file}, resources/downloads/references/{assembly}/{file}

Downloads run where Snakemake does, not on the nodes of a cluster, which often have no internet. They
are resumed, not begun anew, by the next try and by the next run. The rules have no digest of the code,
and cover only files that are not there: what was downloaded once is never downloaded again unless it
is deleted.
"""


include: "inputs/preflight.smk"
include: "inputs/downloads.smk"


localrules:
    download,
    fetch_all,


rule download:
    output:
        file="resources/downloads/{path}",
    log:
        "logs/download/{path}.log",
    benchmark:
        "logs/download/{path}.benchmark.tsv"
    wildcard_constraints:
        path=not_there(of_archives=False),
    retries: 1
    conda:
        "../../envs/downloads.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        tables=TABLES,
        mirror=config["downloads"]["mirror"] or "",
        retries=config["downloads"]["retries"],
        timeout=config["downloads"]["timeout"],
    script:
        "../scripts/download.py"


rule unpack_download:
    input:
        archive=archive_of,
    output:
        file="resources/downloads/{path}",
    log:
        "logs/unpack_download/{path}.log",
    benchmark:
        "logs/unpack_download/{path}.benchmark.tsv"
    wildcard_constraints:
        path=not_there(of_archives=True),
    conda:
        "../../envs/downloads.yaml"
    threads: 1
    resources:
        mem_mb=job_memory,
        runtime=job_minutes,
    params:
        tables=TABLES,
    script:
        "../scripts/unpack_download.py"


rule fetch_all:
    input:
        all_downloads(),


announce_downloads()
