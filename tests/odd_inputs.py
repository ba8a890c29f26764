"""Generators of damaged and odd inputs, each made out of a sound sample by one change.

``docs/troubleshooting.md`` lists them; ``tests/unit/steps/test_odd_inputs.py`` runs each through
preflight and ingest.
"""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from scipy import sparse
from toy_sample import CELLS, GENES, Sample

ERROR, WARNING, READ = "error", "warning", "ok"


@dataclass(frozen=True)
class Odd:
    """An odd input.

    Attributes
    ----------
    what
        As the documentation calls it.
    make
        Makes it of a sound sample.
    severity
        Of the finding of preflight; ``ok`` if it is read as if nothing were odd.
    said
        Part of the finding.
    remedy
        Part of the remedy.
    """

    what: str
    make: Callable[[Sample], None]
    severity: str
    said: str = ""
    remedy: str = ""


def _cut(path: str, share: float) -> None:
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: int(len(data) * share)])


def truncated_gzip(sample: Sample) -> None:
    many = sample.lines * 200
    Path(sample.row["fragments"]).write_bytes(gzip.compress("\n".join(many).encode()))
    _cut(sample.row["fragments"], 0.6)


def truncated_bgzip(sample: Sample) -> None:
    sample.write_fragments(sample.lines * 5000)
    _cut(sample.row["fragments"], 0.6)


def truncated_h5(sample: Sample) -> None:
    sample.write_h5(sample.folder / "rna.h5")
    _cut(sample.row["rna"], 0.5)


def empty_file(sample: Sample) -> None:
    Path(sample.row["fragments"]).write_bytes(b"")


def web_page(sample: Sample) -> None:
    sample.write_h5(sample.folder / "rna.h5")
    page = b"\n<!DOCTYPE html>\n<html><body>Sign in to download</body></html>"
    Path(sample.row["rna"]).write_bytes(page)


def lfs_pointer(sample: Sample) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"
    Path(sample.row["rna"]).write_text(text)


def value(number: float) -> Callable[[Sample], None]:
    """A generator of counts with one wrong value."""

    def make(sample: Sample) -> None:
        matrix = sample.counts.copy()
        matrix[0, 0] = number
        sample.write_rna(matrix)

    return make


def normalised_alone(sample: Sample) -> None:
    sample.write_rna(np.log1p(sample.counts))


def counts_in_a_layer(sample: Sample) -> None:
    sample.write_rna(np.log1p(sample.counts), layers={"raw_counts": sample.counts})


def counts_in_raw(sample: Sample) -> None:
    adata = sample.anndata(sample.counts)
    adata.raw = adata.copy()
    adata.X = np.log1p(sample.counts)
    adata.write_h5ad(sample.row["rna"])


def two_layers_of_counts(sample: Sample) -> None:
    layers = {"counts": sample.counts, "raw": sample.counts + 1}
    sample.write_rna(np.log1p(sample.counts), layers=layers)


def counts_in_an_unknown_layer(sample: Sample) -> None:
    sample.write_rna(np.log1p(sample.counts), layers={"spliced": sample.counts})


def csc(sample: Sample) -> None:
    sample.write_rna(sparse.csc_matrix(sample.counts.astype(np.float64)))


def duplicate_barcodes(sample: Sample) -> None:
    sample.barcodes = [sample.barcodes[0], *sample.barcodes[:-1]]
    sample.write_rna(sample.counts)


def other_cells(sample: Sample) -> None:
    swap = str.maketrans("ACGT", "CATG")
    sample.write_fragments([line.translate(swap).replace("ahr", "chr") for line in sample.lines])


def other_suffix(sample: Sample) -> None:
    sample.write_fragments([line.replace("-1\t", "\t") for line in sample.lines])


def unsorted(sample: Sample) -> None:
    sample.write_fragments(sample.lines[::-1])


def ends_first(sample: Sample) -> None:
    chrom, start, end, *rest = sample.lines[2].split("\t")
    sample.write_fragments([*sample.lines[:2], "\t".join([chrom, end, start, *rest])])


def beyond_the_end(sample: Sample) -> None:
    sample.write_fragments([*sample.lines, f"chr2\t1900\t2001\t{sample.barcodes[0]}\t1"])


def annotation_of_another_build(sample: Sample) -> None:
    sample.write_gtf(3001)


def other_names(sample: Sample) -> None:
    sample.write_fragments([line.removeprefix("chr") for line in sample.lines])


def mixed_names(sample: Sample) -> None:
    sample.write_fragments([line.replace("chr2", "2") for line in sample.lines])


def four_columns(sample: Sample) -> None:
    sample.write_fragments([line.rpartition("\t")[0] for line in sample.lines])


def header_line(sample: Sample) -> None:
    sample.write_fragments(["chrom\tstart\tend\tbarcode\tcount", *sample.lines])


def blank_lines(sample: Sample) -> None:
    sample.write_fragments([*sample.lines[:3], "", *sample.lines[3:], ""])


def windows_lines(sample: Sample) -> None:
    sample.write_fragments([f"{line}\r" for line in sample.lines])


def plain_gzip(sample: Sample) -> None:
    text = "\n".join(["# a comment", *sample.lines, ""])
    Path(sample.row["fragments"]).write_bytes(gzip.compress(text.encode()))


def fewer_features(sample: Sample) -> None:
    sample.write_mtx(sample.folder / "mtx", features=GENES - 1)


def cut_matrix(sample: Sample) -> None:
    sample.write_mtx(sample.folder / "mtx")
    file = sample.folder / "mtx/matrix.mtx.gz"
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    file.write_bytes(gzip.compress(b"".join(lines[:-3])))


def transposed_folder(sample: Sample) -> None:
    turned = sample.counts
    sample.counts = turned.T
    sample.write_mtx(sample.folder / "mtx")
    sample.counts = turned


def transposed_h5ad(sample: Sample) -> None:
    sample.anndata(sample.counts).T.write_h5ad(sample.row["rna"])


def geo_folder(sample: Sample) -> None:
    sample.write_mtx(sample.folder / "mtx", prefix="GSM123_sample_")


def two_samples_in_a_folder(sample: Sample) -> None:
    for prefix in ("GSM1_a_", "GSM2_b_"):
        sample.write_mtx(sample.folder / "mtx", prefix=prefix)


def matrix_of_two(sample: Sample) -> None:
    two_samples_in_a_folder(sample)
    sample.row["rna"] = str(sample.folder / "mtx/GSM2_b_matrix.mtx.gz")


def ensembl_ids(sample: Sample) -> None:
    adata = sample.anndata(sample.counts)
    adata.var["gene_name"] = sample.genes
    adata.var_names = [f"ENSG0000000000{i}.{i + 3}" for i in range(GENES)]
    adata.write_h5ad(sample.row["rna"])


def odd_feature_types(sample: Sample) -> None:
    adata = sample.anndata(np.hstack([sample.counts, sample.counts[:, :2]])[:, :GENES])
    more = ad.AnnData(sample.counts[:, :2], obs=adata.obs, var=pd.DataFrame(index=["CD3", "CD4"]))
    both = ad.concat([adata, more], axis=1, merge="same")
    both.var["feature_types"] = ["RNA"] * GENES + ["ADT"] * 2
    both.write_h5ad(sample.row["rna"])


def wrong_kind(sample: Sample) -> None:
    sample.row["rna_kind"] = "10x_h5"


def wrong_kind_of_h5(sample: Sample) -> None:
    sample.write_h5(sample.folder / "rna.h5")
    sample.row["rna_kind"] = "h5ad"


def a_folder(sample: Sample) -> None:
    (sample.folder / "fragments").mkdir()
    sample.row["fragments"] = str(sample.folder / "fragments")


def missing(sample: Sample) -> None:
    Path(sample.row["rna"]).unlink()


def no_labels(sample: Sample) -> None:
    adata = sample.anndata(sample.counts)
    adata.obs["type"] = pd.Categorical([None] * CELLS)
    adata.write_h5ad(sample.row["rna"])
    sample.row["labels"] = "obs:type"


def regions_from_one(sample: Sample) -> None:
    names = [f"chr1:{500 * i + 1}-{500 * i + 500}" for i in range(GENES)]
    adata = sample.anndata(sample.counts)
    adata.var_names = names
    adata.write_h5ad(sample.folder / "atac.h5ad")
    sample.row |= {"atac": str(sample.folder / "atac.h5ad"), "atac_kind": "h5ad"}
    sample.row |= {"fragments": "", "counting": "fragment"}


def sheet(text: str, encoding: str) -> Callable[[Sample], None]:
    """A generator of sample sheets."""

    def make(sample: Sample) -> None:
        filled = text.format(**sample.row)
        sample.sheet = filled.encode(encoding)

    return make


SHEET = "sample\trna\trna_kind\tfragments\tdonor\nlung\t{rna}\t{rna_kind}\t{fragments}\tZoë\n"
AGAIN = "Fetch it again"
NAMES = "assemblies.<name>.chromosome_names"
ODD = {
    odd.make.__name__ if odd.make.__name__ != "make" else odd.what: odd
    for odd in (
        Odd("gzip cut short", truncated_gzip, ERROR, "is truncated or damaged", AGAIN),
        Odd("bgzip cut short", truncated_bgzip, ERROR, "it lacks the end mark of bgzip", AGAIN),
        Odd("HDF5 cut short", truncated_h5, ERROR, "cannot be read as 10x_h5", "Is it whole"),
        Odd("empty file", empty_file, ERROR, "is empty (0 bytes)", "Download it again"),
        Odd("web page in place of the file", web_page, ERROR, "is a web page that was saved",
            "login"),
        Odd("pointer of Git LFS", lfs_pointer, ERROR, "is a pointer of Git LFS", "git lfs pull"),
        Odd("fractional counts", value(0.5), ERROR, "not counts: 0.5 for GENE0 in cell",
            "rna_layer"),
        Odd("negative counts", value(-1), ERROR, "not counts: -1 for GENE0 in cell", "Negative"),
        Odd("missing counts", value(np.nan), ERROR, "not counts: nan for GENE0 in cell", "Missing"),
        Odd("log-normalised values alone", normalised_alone, ERROR, "not counts:", "'normalized'"),
        Odd("counts in a layer", counts_in_a_layer, WARNING, "from the layer 'raw_counts'"),
        Odd("counts in .raw", counts_in_raw, WARNING, "they are taken from adata.raw"),
        Odd("counts in two layers", two_layers_of_counts, ERROR, "several layers do: counts, raw",
            "Name the one to use"),
        Odd("counts in a layer of another name", counts_in_an_unknown_layer, ERROR,
            "these layers hold whole numbers: spliced", "rna_layer"),
        Odd("column-compressed matrix of floats", csc, READ),
        Odd("repeated barcodes", duplicate_barcodes, ERROR, "occurs more than once",
            "give merged samples a row each"),
        Odd("files of two samples", other_cells, ERROR, "RNA and ATAC have no barcodes in common",
            "are the two files of the same sample?"),
        Odd("barcodes spelt differently", other_suffix, WARNING, "respelt by 'strip-suffix'",
            "barcode_transform"),
        Odd("unsorted fragments", unsorted, WARNING, "Not sorted:", "It will be sorted"),
        Odd("fragment that ends before it starts", ends_first, ERROR, "ends before it starts",
            "leave out the line"),
        Odd("fragment beyond its chromosome", beyond_the_end, ERROR,
            "a fragment ends at chr2:2,001, but chr2 of the assembly has 2,000 bp",
            "another build"),
        Odd("annotation of another build", annotation_of_another_build, ERROR,
            "reaches chr1:3,001, beyond the 3,000 bp of the assembly", "files of one build"),
        Odd("chromosomes named otherwise", other_names, ERROR,
            "none of its chromosomes (1, 2", NAMES),
        Odd("chromosomes named in two ways", mixed_names, ERROR,
            "its chromosome 2 is chr2 in the assembly", NAMES),
        Odd("fragments without counts", four_columns, WARNING, "It has no counts (fifth column)",
            "Every fragment will count once"),
        Odd("fragments with a header line", header_line, WARNING, "It has a header line",
            "taken out"),
        Odd("fragments with blank lines", blank_lines, WARNING, "It has blank lines", "taken out"),
        Odd("fragments with line ends of Windows", windows_lines, WARNING,
            "It has line ends of Windows", "taken out"),
        Odd("fragments in plain gzip, with comments", plain_gzip, READ, "Not bgzip"),
        Odd("features file that is too short", fewer_features, ERROR,
            "has 5 rows and 8 columns, but there are 4 features and 8 barcodes", "of one run"),
        Odd("matrix file cut short", cut_matrix, ERROR, "is damaged", AGAIN),
        Odd("transposed matrix folder", transposed_folder, WARNING, "is transposed"),
        Odd("transposed h5ad", transposed_h5ad, WARNING, "is transposed"),
        Odd("GEO's prefixes in a matrix folder", geo_folder, READ),
        Odd("two samples in a matrix folder", two_samples_in_a_folder, ERROR,
            "holds several samples: GSM1_a_, GSM2_b_", "a row of the sample sheet"),
        Odd("matrix of one of two samples in a folder", matrix_of_two, READ),
        Odd("genes by Ensembl ids with versions", ensembl_ids, READ),
        Odd("other spellings of feature types", odd_feature_types, READ),
        Odd("h5ad given as 10x_h5", wrong_kind, ERROR, "is an h5ad file", "Set its kind to h5ad"),
        Odd("10x_h5 given as h5ad", wrong_kind_of_h5, ERROR, "is an HDF5 file of Cell Ranger",
            "Set its kind to 10x_h5"),
        Odd("folder in place of a file", a_folder, ERROR, "is a folder", "Name the file inside it"),
        Odd("missing file", missing, ERROR, "does not exist", "Correct the path"),
        Odd("labels that are all missing", no_labels, ERROR, "no barcode has a label", "Fill"),
        Odd("region names that count from 1", regions_from_one, WARNING,
            "most regions are 499 bp wide"),
    )
}  # fmt: skip
SHEETS = (
    Odd("sample sheet in UTF-16", sheet(SHEET, "utf-16"), READ),
    Odd("sample sheet in Latin-1", sheet(SHEET, "latin-1"), ERROR,
        "line 2: a character is not in UTF-8", "in UTF-8"),
    Odd("sample sheet with blanks in place of tabs", sheet(SHEET.replace("\t", "  "), "utf-8"),
        ERROR, "are separated by blanks, not tabs", "with tabs"),
    Odd("sample sheet with commas", sheet(SHEET.replace("\t", ","), "utf-8"), ERROR,
        "are separated by commas, not tabs", "with tabs"),
    Odd("workbook as sample sheet", sheet("PK\x03\x04", "utf-8"), ERROR,
        "is a workbook of a spreadsheet", "with tabs"),
)  # fmt: skip
DENIED = Odd("file that may not be read", lambda _: None, ERROR, "(permission denied)", "chmod a+r")
