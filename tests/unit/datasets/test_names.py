"""Kinds and samples guessed from names of files."""

import pytest
from multiome2vec.datasets.names import guess, sample_key, samples_of

NAMES = {
    "filtered_feature_bc_matrix.h5": ("rna", "10x_h5", ""),
    "GSM1_s1_filtered_feature_bc_matrix.h5": ("rna", "10x_h5", "GSM1_s1"),
    "s1_filtered_gene_bc_matrices_h5.h5": ("rna", "10x_h5", "s1"),
    "sample_filtered_feature_bc_matrix.h5": ("rna", "10x_h5", ""),
    "s1_raw_feature_bc_matrix.h5": ("rna", "10x_h5", "s1"),
    "GSM2_s1_atac_fragments.tsv.gz": ("fragments", "", "GSM2_s1_atac"),
    "fragments.tsv.gz": ("fragments", "", ""),
    "s1.fragments.sort.bed.gz": ("fragments", "", "s1"),
    "s1_filtered_peak_bc_matrix.h5": ("atac", "10x_h5", "s1"),
    "s1_matrix.mtx.gz": ("part", "matrix.mtx", "s1"),
    "s1.barcodes.tsv": ("part", "barcodes.tsv", "s1"),
    "s1_peaks.bed.gz": ("part", "peaks.bed", "s1"),
    "bmmc_processed.h5ad.gz": ("rna", "h5ad", "bmmc_processed"),
    "s1.h5": ("rna", "10x_h5", "s1"),
    "GSE1_RAW.tar": ("archive", "", "GSE1_RAW"),
    "atac_fragments.tsv.gz.tbi": ("", "", "atac_fragments.tsv.gz"),
    "s1_peaks.narrowPeak.gz": ("", "", "s1_peaks"),
    "metadata.csv.gz": ("", "", "metadata"),
    "GSE1_mix_cDNA_counts.tsv.gz": ("rna", "table", "GSE1_mix_cDNA"),
    "GSE1_mix_chromatin_counts.tsv.gz": ("atac", "table", "GSE1_mix_chromatin"),
    "GSM3_UMI_matrix.csv": ("rna", "table", "GSM3"),
    "GSM3_peak_counts.txt.gz": ("atac", "table", "GSM3_peak"),
    "s1_counts_metadata.csv": ("", "", "s1_counts_metadata"),
    "s1_normalized_counts.csv": ("", "", "s1_normalized_counts"),
    "accounts.tsv": ("", "", "accounts"),
    "seurat.rds": ("", "", "seurat"),
}


@pytest.mark.parametrize("name", NAMES)
def test_kinds_by_name(name):
    found = guess(name)
    assert (found.column, found.kind, found.sample) == NAMES[name]
    assert found.said


@pytest.mark.parametrize(
    ("prefix", "key"),
    [
        ("GSM5_donor1_RNA", "donor1"),
        ("GSM6_donor1_ATAC", "donor1"),
        ("GSM5_scRNA-seq_day.3", "seq_day.3"),
        ("GSM7", "GSM7"),
        ("GSM8_ATAC", "GSM8"),
        ("pbmc_granulocyte_sorted_3k", "pbmc_granulocyte_sorted_3k"),
        ("ratatouille", "ratatouille"),
        ("", ""),
    ],
)
def test_what_the_libraries_of_a_sample_have_in_common(prefix, key):
    assert sample_key(prefix) == key


def test_libraries_of_a_sample_are_one_row():
    found = samples_of(
        [
            "GSM1_a_RNA_filtered_feature_bc_matrix.h5", "GSM2_a_ATAC_fragments.tsv.gz",
            "GSM1_a_RNA_raw_feature_bc_matrix.h5", "GSM2_a_ATAC_fragments.tsv.gz.tbi",
            "GSM3_b_rna_matrix.mtx.gz", "GSM3_b_rna_barcodes.tsv.gz", "GSM3_b_rna_genes.tsv.gz",
            "GSM4_b_atac_matrix.mtx.gz", "GSM4_b_atac_barcodes.tsv.gz", "GSM4_b_atac_peaks.bed.gz",
            "GSM5_c_matrix.mtx.gz",
            "GSM6_d_cDNA_counts.tsv.gz", "GSM6_d_chromatin_counts.tsv.gz",
        ],
        default="x",
    )  # fmt: skip
    assert {name: sample.row(name) for name, sample in found.items()} == {
        "a": {
            "sample": "a",
            "rna": "GSM1_a_RNA_filtered_feature_bc_matrix.h5",
            "rna_kind": "10x_h5",
            "fragments": "GSM2_a_ATAC_fragments.tsv.gz",
        },
        "d": {
            "sample": "d",
            "rna": "GSM6_d_cDNA_counts.tsv.gz",
            "rna_kind": "table",
            "atac": "GSM6_d_chromatin_counts.tsv.gz",
            "atac_kind": "table",
        },
        "b": {
            "sample": "b",
            "rna": "GSM3_b_rna",
            "rna_kind": "10x_mtx",
            "atac": "GSM4_b_atac",
            "atac_kind": "mtx",
            "counting": "insertion",
        },
    }
