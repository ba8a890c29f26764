"""`geo`: files of a series, against a server that imitates NCBI's, faults included."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
import yaml
from multiome2vec.cli import main
from multiome2vec.datasets import remote
from multiome2vec.datasets.geo import bucket
from multiome2vec.io.catalogue import catalogue_entries, read_catalogue
from multiome2vec.io.sheet import read_sheet
from workflow.runner import ROOT

SERIES = "series/GSE194nnn/GSE194122"
MEMBERS = [
    ("GSM1_a_RNA_barcodes.tsv.gz", 10), ("GSM1_a_RNA_features.tsv.gz", 20),
    ("GSM1_a_RNA_matrix.mtx.gz", 30), ("GSM2_a_ATAC_fragments.tsv.gz", 40),
]  # fmt: skip
MATRIX = """!Series_title\t"A series"
!Sample_title\t"donor 1, RNA"\t"donor 1, ATAC"
!Sample_geo_accession\t"GSM1"\t"GSM2"
!Sample_organism_ch1\t"Homo sapiens"\t"Homo sapiens"
"""


@pytest.fixture
def geo(site, tmp_path, monkeypatch, capsys):
    """Run the command against a server with one series; returns exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(remote, "PAUSE", 0.0)
    suppl = f"{SERIES}/suppl/"
    site.put(suppl + "GSE194122_processed.h5ad.gz", b"x" * 77, size="77 ".strip())
    site.put(suppl + "GSE194122_metadata.csv.gz", b"y" * 5)
    site.put(suppl + "GSE194122_RAW.tar", b"z" * 123, size="123")
    rows = ["#Archive/File\tName\tTime\tSize\tType", "Archive\tGSE194122_RAW.tar\tx\t123\tTAR"]
    rows += [f"File\t{name}\tx\t{size}\tTSV" for name, size in MEMBERS]
    site.put(suppl + "filelist.txt", "\n".join(rows) + "\n")
    site.put(f"{SERIES}/matrix/GSE194122_series_matrix.txt.gz", gzip.compress(MATRIX.encode()))
    site.put("samples/GSMnnn/GSM2/suppl/GSM2_a_ATAC_fragments.tsv.gz", b"f" * 40)

    def run(*options, accession="GSE194122"):
        capsys.readouterr()
        code = main(["geo", accession, "--server", site.url, "--timeout", "1", *options])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def tables(name="GSE194122"):
    catalogue = read_catalogue(f"config/{name}.datasets.tsv").set_index("file")
    return catalogue, read_sheet(f"config/{name}.samples.tsv")


def test_folders_of_accessions():
    assert [bucket(name) for name in ("GSE1", "GSE1234", "GSE194122", "GSM5828471")] == [
        "GSEnnn", "GSE1nnn", "GSE194nnn", "GSM5828nnn",
    ]  # fmt: skip


def test_without_a_choice_the_files_are_listed(geo, tmp_path):
    code, out, _ = geo()
    assert code == 0
    assert "--files '*filtered_feature_bc_matrix.h5'" in out
    lines = {line.split()[-1].strip(")"): line for line in out.splitlines() if "GSE" in line}
    assert "77 B" in lines["GSE194122_processed.h5ad.gz"]
    assert "~1.3 MB" in lines["GSE194122_metadata.csv.gz"]  # rounded by the page
    assert "AnnData" in lines["GSE194122_processed.h5ad.gz"]
    assert "40 B  fragments  " in out
    assert "GSM2_a_ATAC_fragments.tsv.gz (in GSE194122_RAW.tar)" in out
    assert "HHS" not in out
    assert not list(tmp_path.iterdir())


def test_members_of_an_archive_become_a_dataset(geo, site):
    code, out, err = geo("--files", "GSM*")
    assert (code, err) == (0, "")
    catalogue, sheet = tables()
    folder = "GSM1_a_RNA"
    assert catalogue["archive"].to_dict() == {
        "GSE194122_RAW.tar": "",
        f"{folder}/barcodes.tsv.gz": "GSE194122_RAW.tar",
        f"{folder}/features.tsv.gz": "GSE194122_RAW.tar",
        f"{folder}/matrix.mtx.gz": "GSE194122_RAW.tar",
        "GSM2_a_ATAC_fragments.tsv.gz": "GSE194122_RAW.tar",
    }
    assert catalogue.loc["GSE194122_RAW.tar", "url"] == (
        f"{site.url}/{SERIES}/suppl/GSE194122_RAW.tar"
    )
    assert catalogue["size"].to_list() == ["123", "10", "20", "30", "40"]
    entry = catalogue_entries(["config/GSE194122.datasets.tsv"], [])
    member = entry["GSE194122/GSM1_a_RNA/matrix.mtx.gz"]
    assert member.member == "GSM1_a_RNA_matrix.mtx.gz"
    assert sheet.loc["a"][sheet.loc["a"] != ""].to_dict() == {
        "rna": "resources/downloads/GSE194122/GSM1_a_RNA",
        "rna_kind": "10x_mtx",
        "fragments": "resources/downloads/GSE194122/GSM2_a_ATAC_fragments.tsv.gz",
        "batch": "a",
        "geo_title": "donor 1, RNA / donor 1, ATAC",
    }
    config = yaml.safe_load(Path("config/GSE194122.yaml").read_text())
    assert config == {
        "dataset": "GSE194122",
        "datasets": {"GSE194122": {"samples": "config/GSE194122.samples.tsv", "assembly": "hg38"}},
        "downloads": {"datasets": ["config/GSE194122.datasets.tsv"]},
    }
    assert "guessed: samples, and which files belong together" in out
    assert site.asked.count(("HEAD", f"{SERIES}/suppl/GSE194122_RAW.tar")) == 1


def test_the_assembly_is_filled_in_from_the_table_of_references(geo, tmp_path):
    (tmp_path / "resources").mkdir()
    table = (ROOT / "resources/references.tsv").read_text()
    (tmp_path / "resources/references.tsv").write_text(table)
    assert geo("--files", "*fragments*")[0] == 0
    config = yaml.safe_load(Path("config/GSE194122.yaml").read_text())
    files = config["assemblies"]["hg38"]
    assert files.keys() == {"fasta", "gtf", "blacklist"}
    names = pd.read_csv(tmp_path / "resources/references.tsv", sep="\t")["file"].to_list()
    for path in files.values():
        assert path.removeprefix("resources/downloads/references/hg38/") in names


def test_a_compressed_h5ad_is_unpacked_and_a_table_only_downloaded(geo, site):
    code, out, _ = geo("--files", "*h5ad.gz", "*metadata*")
    assert code == 0
    catalogue, sheet = tables()
    packed = "GSE194122_processed.h5ad.gz"
    assert catalogue["archive"].to_dict() == {
        packed: "", "GSE194122_processed.h5ad": packed, "GSE194122_metadata.csv.gz": "",
    }  # fmt: skip
    assert catalogue.loc["GSE194122_metadata.csv.gz", "size"] == "5"  # exact, by asking
    assert sheet["rna"].to_list() == ["resources/downloads/GSE194122/GSE194122_processed.h5ad"]
    assert "not in the sample sheet: GSE194122_metadata.csv.gz" in out


def test_files_of_samples_come_from_their_own_folders(geo, site):
    code, out, _ = geo("--samples")
    assert code == 0
    assert "GSM2_a_ATAC_fragments.tsv.gz (in" not in out
    assert geo("--samples", "--files", "*fragments*")[0] == 0
    catalogue, _ = tables()
    assert catalogue["url"].to_list() == [
        f"{site.url}/samples/GSMnnn/GSM2/suppl/GSM2_a_ATAC_fragments.tsv.gz"
    ]


def test_nothing_is_overwritten(geo, tmp_path):
    assert geo("--files", "*fragments*")[0] == 0
    code, _, err = geo("--files", "*fragments*")
    assert code == 2
    assert "Already there: config/GSE194122.datasets.tsv" in err
    assert geo("--files", "*fragments*", "--force")[0] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--files", "*.rds"], "No file of GSE194122 matches '*.rds'. It has:"),
        (["--files", "*metadata*"], "None of the chosen files is called like a matrix"),
        (["--files", "*features.tsv.gz"], "None of the chosen files is called like a matrix"),
    ],
)
def test_choices_that_make_no_dataset_are_refused(geo, tmp_path, options, message):
    code, _, err = geo(*options)
    assert code == 2
    assert message in err
    assert "GSE194122_metadata.csv.gz" in err or "features" in err
    assert not (tmp_path / "config").exists()


def test_accessions_that_are_none(geo, site):
    for name, message in (
        ("GSE99", "GEO has no public series GSE99"),
        ("GPL570", "'GPL570' is no accession of a series"),
    ):
        code, _, err = geo(accession=name)
        assert code == 2
        assert message in err
    site.put("series/GSE1nnn/GSE1234/soft/GSE1234_family.soft.gz")
    for fault in (403, 404):  # what NCBI answers for a folder that is empty
        site.faults["series/GSE1nnn/GSE1234/suppl/"] = [fault]
        code, _, err = geo(accession="GSE1234")
        assert code == 2
        assert "GSE1234 has no supplementary files of its own" in err


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ([500] * 3, "HTTP 500 Internal Server Error (3 tries)"),
        (["stall"] * 3, "no answer within 1 s (3 tries)"),
        (["<html><title>Maintenance &amp; more</title></html>"], "a page 'Maintenance & more'"),
    ],
)
def test_faults_of_the_server_are_told(geo, site, fault, message):
    site.faults[f"{SERIES}/suppl/"] = fault
    code, out, err = geo()
    assert (code, out) == (2, "")
    assert message in err
    assert f"{site.url}/{SERIES}/suppl/" in err


def test_a_fault_that_passes_is_survived(geo, site):
    site.faults[f"{SERIES}/suppl/"] = [503]
    code, out, _ = geo()
    assert code == 0
    assert "GSE194122_RAW.tar" in out


def test_without_a_network_it_is_said(geo, capsys):
    assert main(["geo", "GSE194122", "--server", "http://127.0.0.1:9/geo"]) == 2
    err = capsys.readouterr().err
    assert "no connection" in err
    assert "Is there a network here?" in err


def test_a_list_of_members_that_is_none_is_refused(geo, site):
    site.files[f"{SERIES}/suppl/filelist.txt"] = b"<html>login</html>"
    code, _, err = geo()
    assert code == 2
    assert "filelist.txt is not what GEO writes: it begins with '<html>login</html>'" in err
