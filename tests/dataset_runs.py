"""The public datasets' own configurations, run from a server with imitations of their files."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from dataset_files import dataset_files, reference_files
from file_servers import HttpServer, Served
from multiome2vec.io.catalogue import read_catalogue
from workflow.runner import ROOT

#: what suits a run of a few hundred cells; filters and names are those of the dataset's own file
SMALL = {
    "annotate": {"n_top_genes": 300, "n_pcs": 15},
    "topics": {"grid": [5], "iterations": 50},
    "motifs": {"deviations": {"background_sets": 20, "bin_size": 10}},
    "models": {"trivae": {"max_epochs": 5, "kl_warmup_epochs": 2}},
    "run": {"baselines": []},
}
#: a simulated genome of 2 Mb is densely covered: enrichment over its background is low
SMALL_FRAGMENTS = {
    "qc": {"atac": {"min_tsse": 2}},
    "peaks": {"min_cells": 10, "min_fragments": 2000},
}
#: what names an assembly without naming files of it, with its files
WITH_GENOME = {
    "assemblies": {
        "hg19": {
            "fasta": "resources/downloads/references/hg19/hg19.fa.gz",
            "gtf": "resources/downloads/references/hg19/gencode.v19.annotation.gtf.gz",
            "blacklist": "resources/downloads/references/hg19/hg19-blacklist.v2.bed.gz",
        }
    }
}
TABLES = {"datasets": "dataset", "references": "assembly"}


@contextmanager
def serving() -> Iterator[HttpServer]:
    """A server without files."""
    with HttpServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def served_at(url: str) -> str:
    """Path on the test's server of what a real one has: host and path."""
    parts = urlsplit(url)
    return f"/{parts.hostname}{parts.path}"


def serve_dataset(server: HttpServer, dataset: str, assemblies: tuple[str, ...]) -> list[str]:
    """Have the server give the files of a dataset and of assemblies; return their paths."""
    found = {("datasets", dataset, name): data for name, data in dataset_files(dataset).items()}
    for assembly in assemblies:
        files = reference_files(assembly).items()
        found |= {("references", assembly, name): data for name, data in files}
    urls = {
        (kind, row[group], row["file"]): row["url"].split()[0]
        for kind, group in TABLES.items()
        for row in read_catalogue(ROOT / "resources" / f"{kind}.tsv").to_dict("records")
        if row["url"]
    }
    server.files |= {served_at(urls[key]): Served(data) for key, data in found.items()}
    return list(server.files)


def write_settings(directory: Path, server: HttpServer, *settings: dict) -> list[str]:
    """Write tables of downloads that lead to the server, and settings; return the latter's paths.

    The tables are the real ones without sizes and checksums.
    """
    for kind in TABLES:
        table = read_catalogue(ROOT / "resources" / f"{kind}.tsv")
        urls = table["url"].str.split().str[0].fillna("")
        table["url"] = [f"{server.url}{served_at(url)}" if url else "" for url in urls]
        table[["size", "sha256", "md5"]] = ""
        table.to_csv(directory / f"{kind}.tsv", sep="\t", index=False)
    own = {"downloads": {kind: [f"{kind}.tsv"] for kind in TABLES} | {"timeout": 20}}
    paths = []
    for number, content in enumerate([own, *settings]):
        paths.append(f"settings{number}.yaml")
        (directory / paths[-1]).write_text(yaml.safe_dump(content))
    return paths
