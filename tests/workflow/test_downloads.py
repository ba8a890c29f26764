"""A public dataset from a server to checked barcodes, on simulated files under its real names."""

import gzip
import re
import shutil
import threading
from pathlib import Path

import pandas as pd
import pytest
import yaml
from file_servers import HttpServer, Served, cut
from multiome2vec.io.catalogue import read_catalogue
from multiome2vec.steps.simulate import simulate
from workflow.runner import ROOT, snakemake

CONFIG = ROOT / "config" / "pbmc3k.yaml"
STEM = "pbmc3k/pbmc_granulocyte_sorted_3k"
#: what of the simulation stands for which file
NAMES = {
    "matrix_s1": f"{STEM}_filtered_feature_bc_matrix.h5",
    "fragments_s1": f"{STEM}_atac_fragments.tsv.gz",
    "genome": "references/hg38/GRCh38.primary_assembly.genome.fa.gz",
    "genes": "references/hg38/gencode.v32.primary_assembly.annotation.gtf.gz",
    "blacklist": "references/hg38/hg38-blacklist.v2.bed.gz",
}
TARGETS = ("results/pbmc3k/preflight.tsv", "results/pbmc3k/samples/pbmc3k/barcodes.tsv")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Has the files of a small simulation; the connection of the largest breaks once."""
    folder = tmp_path_factory.mktemp("simulated")
    sides = ("matrix", "fragments", "index")
    samples = [f"{side}_{sample}" for side in sides for sample in ("s1", "s2")]
    truth = [f"true_{name}" for name in ("cells", "regions", "genes", "tfs", "sites")]
    out = {name: folder / name for name in (*samples, *truth, "genome", "blacklist")}
    out["genes"] = folder / "genes.gtf.gz"
    simulate(out=out, seed=1, barcodes=200, chromosome_length=300_000, genes=150)
    with HttpServer() as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        for name, path in NAMES.items():
            data = out[name].read_bytes()
            if path.endswith(".gz") and data[:2] != b"\x1f\x8b":
                data = gzip.compress(data, mtime=0)
            found.files[f"/{path}"] = Served(data)
        found.files[f"/{NAMES['genome']}"].acts = [cut(100_000)]
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def run(server, tmp_path_factory) -> Path:
    """Folder of a finished run up to the barcodes, from the server alone."""
    directory = tmp_path_factory.mktemp("public")
    for name in ("datasets", "references"):  # other files than the real ones
        table = read_catalogue(ROOT / "resources" / f"{name}.tsv")
        table[["size", "sha256", "md5"]] = ""
        table.to_csv(directory / f"{name}.tsv", sep="\t", index=False)
    settings = {
        "datasets": ["datasets.tsv"], "references": ["references.tsv"], "mirror": server.url,
        "timeout": 5,
    }  # fmt: skip
    (directory / "mine.yaml").write_text(yaml.safe_dump({"downloads": settings}))
    done = pbmc3k(directory, *TARGETS, "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "To download for dataset pbmc3k" in done.stderr
    return directory


def pbmc3k(directory: Path, *args: str, more: str = "{}"):
    """Run Snakemake on the dataset with the run's own settings and ``more``."""
    (directory / "more.yaml").write_text(more)
    files = [str(CONFIG), "mine.yaml", "more.yaml"]
    return snakemake(directory, *args, "--configfile", *files)


def test_from_the_server_to_barcodes(run, server):
    for path in NAMES.values():
        assert (run / "resources/downloads" / path).read_bytes() == server.files[f"/{path}"].data
    asked = [path for path, _ in server.requests]
    assert sorted(asked) == sorted([*(f"/{x}" for x in NAMES.values()), f"/{NAMES['genome']}"])
    assert server.ranges().count("") == len(NAMES)  # one was resumed
    barcodes = pd.read_csv(run / TARGETS[1], sep="\t")
    assert len(barcodes) > 50
    assert barcodes["in_atac"].mean() > 0.5
    manifest = pd.read_csv(run / "resources/downloads/manifest.tsv", sep="\t")
    assert set(manifest["path"]) == set(NAMES.values())
    log = (run / "logs/download" / f"{NAMES['genome']}.log").read_text()
    assert "the connection broke" in log
    assert not list((run / "resources/downloads").rglob("*.part*"))


def test_nothing_makes_a_file_that_is_there_be_downloaded_again(run):
    done = pbmc3k(run, *TARGETS, "-n", "--forceall", "--quiet", "progress")
    assert done.returncode == 0, done.stderr
    assert "rule ingest_rna:" in done.stdout
    assert "rule download:" not in done.stdout
    assert "To download" not in done.stdout + done.stderr
    other = "downloads: {mirror: http://127.0.0.1:9, retries: 0}"
    done = pbmc3k(run, *TARGETS, "-n", more=other)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_offline_stops_only_where_something_is_missing(run, tmp_path):
    offline = "downloads: {offline: true, mirror: null}"
    done = pbmc3k(run, *TARGETS, "-n", more=offline)
    assert done.returncode == 0, done.stdout + done.stderr
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    for name in ("genome", "matrix_s1"):
        (copy / "resources/downloads" / NAMES[name]).unlink()
    done = pbmc3k(copy, *TARGETS, "-n", more=offline)
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "downloads.offline is set, but files of dataset pbmc3k are missing" in text
    for name in ("genome", "matrix_s1"):
        assert f"  resources/downloads/{NAMES[name]} (size unknown)" in text
    assert "    https://cf.10xgenomics.com/samples/cell-arc/2.0.0/" in text
    assert NAMES["genes"] not in text
    # the downloads of another folder serve as a mirror
    folder = "downloads: {offline: true, mirror: %s}" % (run / "resources/downloads")
    done = pbmc3k(copy, "fetch_all", "--cores", "1", more=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("genome", "matrix_s1"):
        path = Path("resources/downloads", NAMES[name])
        assert (copy / path).read_bytes() == (run / path).read_bytes()


def test_a_failed_download_says_why_and_leaves_no_file(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    target = copy / "resources/downloads" / NAMES["blacklist"]
    target.unlink()
    more = "downloads: {mirror: http://127.0.0.1:9, retries: 0}"
    done = pbmc3k(copy, *TARGETS, "--cores", "1", more=more)
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert f"ERROR: resources/downloads/{NAMES['blacklist']} (size unknown) could not be" in text
    assert f"http://127.0.0.1:9/{NAMES['blacklist']}: no connection" in text
    assert not target.exists()


def test_fetch_all_has_every_file_of_the_dataset_and_its_assembly(tmp_path):
    done = snakemake(
        tmp_path, "fetch_all", "-n", "--quiet", "progress", config=ROOT / "config" / "scicar.yaml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = set(re.findall(r"    output: (\S+)", done.stdout))
    table = read_catalogue(ROOT / "resources" / "datasets.tsv")
    files = table["file"][table["dataset"] == "scicar"]
    assert made == {f"resources/downloads/scicar/{file}" for file in files}
    assert "rule ingest_rna:" not in done.stdout


def test_a_file_of_another_size_than_in_the_table_is_named(tmp_path):
    path = tmp_path / "resources/downloads" / NAMES["matrix_s1"]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"too short")
    done = snakemake(tmp_path, "fetch_all", "-n", config=CONFIG)
    text = " ".join((done.stdout + done.stderr).split())
    assert "has 9 bytes, the one in the table 38,844,318. Delete it" in text


def test_a_table_with_a_mistake_stops_the_run(tmp_path):
    (tmp_path / "mine.tsv").write_text("dataset\tfile\n")
    (tmp_path / "mine.yaml").write_text("downloads: {datasets: [mine.tsv]}\n")
    done = snakemake(tmp_path, "-n", config=tmp_path / "mine.yaml")
    assert done.returncode == 1
    assert "The table of downloads mine.tsv lacks the column(s) url" in done.stdout + done.stderr
