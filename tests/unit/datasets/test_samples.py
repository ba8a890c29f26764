"""`samples`: a sheet and a configuration for any folder of Cell Ranger's outputs."""

import pandas as pd
import pytest
import yaml
from multiome2vec.cli import main
from multiome2vec.config import load_schema, validate_config
from multiome2vec.io.sheet import read_sheet
from toy_tenx import write_fragments, write_h5, write_mtx
from workflow.runner import ROOT

ONE, TWO = ["AAACAAAC-1", "AAACCCCC-1"], ["GGGTGGGT-2", "GGGTTTTT-2", "AAACAAAC-2"]


@pytest.fixture
def top(tmp_path, monkeypatch):
    """Folder of runs; the working directory is above it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def sheet_of(top, capsys, *options) -> pd.DataFrame:
    """Sample sheet that the command writes, as the workflow reads it; empty columns left out."""
    assert main(["samples", str(top), *options]) == 0, capsys.readouterr().err
    sheet = read_sheet("config/runs.samples.tsv").drop(columns="batch")
    return sheet.loc[:, (sheet != "").any()]


def error_of(top, capsys, *options) -> str:
    assert main(["samples", str(top), *options]) == 2
    return capsys.readouterr().err


def test_runs_of_arc_at_any_depth(top, capsys):
    for name in ("lung", "deep/down/liver"):
        write_h5(top / name / "outs/filtered_feature_bc_matrix.h5", ONE)
        write_h5(top / name / "outs/raw_feature_bc_matrix.h5", ONE + TWO)
        write_mtx(top / name / "outs/filtered_feature_bc_matrix", ONE)
        write_mtx(top / name / "outs/raw_feature_bc_matrix", ONE + TWO)
        write_fragments(top / name / "outs/atac_fragments.tsv.gz", ONE)
        write_h5(top / name / "SC_RNA_COUNTER_CS/fork0/outs/filtered_feature_bc_matrix.h5", ONE)
        write_h5(top / name / "outs/analysis/filtered_feature_bc_matrix.h5", ONE)
    sheet = sheet_of(top, capsys)
    assert sheet.T.to_dict() == {
        name: {
            "rna": f"runs/{folder}/outs/filtered_feature_bc_matrix.h5",
            "rna_kind": "10x_h5",
            "fragments": f"runs/{folder}/outs/atac_fragments.tsv.gz",
        }
        for name, folder in (("liver", "deep/down/liver"), ("lung", "lung"))
    }
    config = yaml.safe_load((top.parent / "config/runs.yaml").read_text())
    assert config["dataset"] == "runs"
    # two assemblies are said: GRCh38 in the matrix, mm10 in the fragments
    assert config["datasets"]["runs"] == {
        "samples": "config/runs.samples.tsv", "assembly": "unknown",
    }  # fmt: skip


def test_the_configuration_is_valid_and_names_the_assembly_that_the_files_do(top, capsys):
    write_h5(top / "a/outs/filtered_feature_bc_matrix.h5", ONE)
    sheet_of(top, capsys)
    text = (top.parent / "config/runs.yaml").read_text()
    mine = yaml.safe_load(text)
    assert mine["datasets"]["runs"]["assembly"] == "hg38"
    default = yaml.safe_load((ROOT / "config.yaml").read_text())
    default |= {"dataset": "runs"}
    default["datasets"] |= mine["datasets"]
    default["assemblies"] |= {"hg38": {}} | mine.get("assemblies", {})
    validate_config(default, load_schema(ROOT / "workflow/schemas/config.schema.yaml"))


def test_one_outs_folder_is_called_as_the_run(top, capsys):
    write_h5(top / "outs/filtered_feature_bc_matrix.h5", ONE)
    write_fragments(top / "outs/atac_fragments.tsv.gz", ONE)
    assert main(["samples", str(top / "outs"), "--out", "config/runs", "--assembly", "hg19"]) == 0
    assert list(read_sheet("config/runs.samples.tsv").index) == ["runs"]
    assert "assembly: hg19" in (top.parent / "config/runs.yaml").read_text()


def test_an_aggregated_run_is_several_samples(top, capsys):
    write_h5(top / "aggr1/outs/filtered_feature_bc_matrix.h5", ONE + TWO)
    write_fragments(top / "aggr1/outs/atac_fragments.tsv.gz", ONE + TWO)
    (top / "aggr1/outs/aggr.csv").write_text(
        "library_id,atac_fragments,per_barcode_metrics,gex_molecule_info,donor,condition,labels\n"
        "L 1,/x/f.tsv.gz,/x/b.csv,/x/m.h5,d1,control,old\n"
        "L2,/y/f.tsv.gz,/y/b.csv,/y/m.h5,d2,treated,new\n"
    )
    sheet = sheet_of(top, capsys)
    both = {
        "rna": "runs/aggr1/outs/filtered_feature_bc_matrix.h5", "rna_kind": "10x_h5",
        "fragments": "runs/aggr1/outs/atac_fragments.tsv.gz",
    }  # fmt: skip
    assert sheet.T.to_dict() == {
        "L_1": both
        | {"rna_barcodes": "*-1", "fragments_barcodes": "*-1", "aggr_labels": "old"}
        | {"donor": "d1", "condition": "control"},
        "L2": both
        | {"rna_barcodes": "*-2", "fragments_barcodes": "*-2", "aggr_labels": "new"}
        | {"donor": "d2", "condition": "treated"},
    }
    assert "2 samples, named by runs/aggr1/outs/aggr.csv" in capsys.readouterr().out


def test_an_aggregation_without_its_table_is_numbered_and_one_of_other_runs_refused(top, capsys):
    write_h5(top / "x/outs/count/filtered_feature_bc_matrix.h5", ONE + TWO)
    assert list(sheet_of(top, capsys).index) == ["x_1", "x_2"]
    assert "barcodes end in -1, -2 and no table" in capsys.readouterr().out
    (top / "x/outs/aggregation.csv").write_text("sample_id,molecule_h5\na,/x\n")
    assert "names 1 samples, but barcodes of x end in -2" in error_of(top, capsys, "--force")
    (top / "x/outs/aggregation.csv").write_text("sample_id,molecule_h5\na,/x\nb,/y\nc,/z\n")
    assert list(sheet_of(top, capsys, "--force").index) == ["a", "b"]
    assert "c of runs/x/outs/aggregation.csv left out" in capsys.readouterr().out
    (top / "x/outs/aggregation.csv").write_text("path\n/x\n")
    assert "has no column library_id or sample_id" in error_of(top, capsys, "--force")


def test_an_aggregation_of_atac_alone_goes_by_the_fragments(top, capsys):
    write_fragments(top / "at/outs/fragments.tsv.gz", ONE + TWO)
    write_h5(top / "at/outs/filtered_peak_bc_matrix.h5", ONE + TWO, genes=False)
    write_mtx(top / "at/outs/filtered_peak_bc_matrix", ONE + TWO, peaks=True)
    (top / "at/outs/aggregation_csv.csv").write_text(
        "library_id,fragments,cells,batch\na,/x,/y,b1\nb,/x,/y,b2\n"
    )
    main(["samples", str(top)])
    sheet = read_sheet("config/runs.samples.tsv")
    assert sheet["fragments_barcodes"].to_dict() == {"a": "*-1", "b": "*-2"}
    assert sheet["batch"].to_dict() == {"a": "b1", "b": "b2"}
    assert set(sheet["atac"]) == {""}  # counted from the fragments


def test_fragments_alone_are_not_searched_for_the_last_sample(top, capsys, monkeypatch):
    monkeypatch.setattr("multiome2vec.datasets.contents.LOOKED_AT", 2)
    write_fragments(top / "at/outs/fragments.tsv.gz", ONE + TWO)
    (top / "at/outs/aggregation_csv.csv").write_text("library_id,fragments\na,/x\nb,/x\n")
    assert list(sheet_of(top, capsys).index) == ["a", "b"]


def test_atac_without_fragments_takes_the_matrix_and_states_its_unit(top, capsys):
    write_h5(top / "a/outs/filtered_feature_bc_matrix.h5", ONE)
    write_h5(top / "b/outs/filtered_peak_bc_matrix.h5", ONE, genes=False)
    write_mtx(top / "c/outs/filtered_peak_bc_matrix", ONE, peaks=True)
    sheet = sheet_of(top, capsys)
    assert sheet["atac_kind"].to_dict() == {"a": "10x_h5", "b": "10x_h5", "c": "mtx"}
    assert sheet.loc["a", "atac"] == sheet.loc["a", "rna"]
    assert sheet.loc["c", "atac"] == "runs/c/outs/filtered_peak_bc_matrix"
    assert set(sheet["counting"]) == {"insertion"}


def test_samples_of_multi_and_matrix_folders_of_rna_alone(top, capsys):
    per_sample = top / "m/outs/per_sample_outs"
    for name in ("s1", "s2"):
        file = per_sample / name / "count/sample_filtered_feature_bc_matrix.h5"
        write_h5(file, ONE, peaks=False)
    write_h5(top / "m/outs/multi/count/raw_feature_bc_matrix.h5", ONE + TWO, peaks=False)
    write_mtx(top / "old/outs/filtered_feature_bc_matrix", ONE)
    sheet = sheet_of(top, capsys)
    assert sheet["rna_kind"].to_dict() == {"s1": "10x_h5", "s2": "10x_h5", "old": "10x_mtx"}
    assert sheet.loc["old", "rna"] == "runs/old/outs/filtered_feature_bc_matrix"
    assert "left out: it holds all barcodes" in capsys.readouterr().out


def test_matrix_folders_of_cell_ranger_2(top, capsys):
    write_mtx(top / "old/outs/filtered_gene_bc_matrices/hg19", ONE)
    write_mtx(top / "old/outs/raw_gene_bc_matrices/hg19", ONE + TWO)
    sheet = sheet_of(top, capsys)
    assert sheet["rna"].to_dict() == {"old": "runs/old/outs/filtered_gene_bc_matrices/hg19"}


def test_files_named_by_their_sample_in_one_folder(top, capsys):
    for name in ("GSM1_a", "GSM3_b"):
        write_h5(top / f"{name}_filtered_feature_bc_matrix.h5", ONE)
    write_fragments(top / "GSM2_a_ATAC_fragments.tsv.gz", ONE)
    write_fragments(top / "GSM4_b_ATAC_fragments.tsv.gz", ONE)
    sheet = sheet_of(top, capsys)
    assert sheet["fragments"].to_dict() == {
        "a": "runs/GSM2_a_ATAC_fragments.tsv.gz",
        "b": "runs/GSM4_b_ATAC_fragments.tsv.gz",
    }


def test_an_unfiltered_matrix_alone_is_taken_and_said(top, capsys):
    write_h5(top / "a/outs/raw_feature_bc_matrix.h5", ONE)
    assert sheet_of(top, capsys).loc["a", "rna"].endswith("raw_feature_bc_matrix.h5")
    assert "holds all barcodes, empty droplets too" in capsys.readouterr().out


def test_folders_of_the_users_own_may_be_called_raw(top, capsys):
    write_h5(top / "raw_data/a/outs/filtered_feature_bc_matrix.h5", ONE)
    write_h5(top / "raw_data/b_filtered_feature_bc_matrix.h5", ONE)
    assert sorted(sheet_of(top, capsys).index) == ["a", "b"]


def test_runs_of_one_name_are_numbered(top, capsys):
    for folder in ("x/s", "y/s"):
        write_h5(top / folder / "outs/filtered_feature_bc_matrix.h5", ONE)
    assert list(sheet_of(top, capsys).index) == ["s_1", "s_2"]


def test_nothing_is_overwritten_without_being_asked(top, capsys):
    write_h5(top / "a/outs/filtered_feature_bc_matrix.h5", ONE)
    sheet_of(top, capsys)
    config = top.parent / "config/runs.yaml"
    (top.parent / "config/runs.samples.tsv").unlink()
    config.write_text("mine")
    assert "Already there: config/runs.yaml. Add --force" in error_of(top, capsys)
    assert config.read_text() == "mine"
    assert not (top.parent / "config/runs.samples.tsv").exists()
    sheet_of(top, capsys, "--force")
    assert config.read_text() != "mine"


def test_folders_without_data_are_refused(top, capsys):
    assert "is not a folder" in error_of(top, capsys)
    (top / "a/outs").mkdir(parents=True)
    (top / "a/outs/web_summary.html").touch()
    assert "holds no filtered_feature_bc_matrix" in error_of(top, capsys)
    (top / "a/outs/filtered_feature_bc_matrix.h5").write_bytes(b"no HDF5")
    assert "cannot be read as a matrix of 10x Genomics" in error_of(top, capsys)


def test_tables_of_counts_are_proposed_and_their_unit_asked_for(top, capsys):
    top.mkdir()
    for name in ("mix_cDNA_counts.tsv", "mix_chromatin_counts.tsv", "mix_metadata.csv"):
        (top / name).write_text("AAAC\tCCCG\nA\t1\t0\n")
    sheet = sheet_of(top, capsys)
    assert sheet.T.to_dict() == {
        "mix": {
            "rna": "runs/mix_cDNA_counts.tsv",
            "rna_kind": "table",
            "atac": "runs/mix_chromatin_counts.tsv",
            "atac_kind": "table",
        }
    }
    note = "# mix: fill in counting, the unit of their region counts"
    assert note in (top.parent / "config/runs.yaml").read_text()
