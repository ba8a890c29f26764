"""The files of the public datasets, imitated: real names, layouts and archives, simulated contents.

:func:`dataset_files` makes what the servers have of a dataset of ``resources/datasets.tsv``,
:func:`reference_files` what they have of an assembly. Humans are the simulated tissue as it is,
mice the same under names of mouse genes.
"""

import dataclasses
import functools
import gzip
import io
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from multiome2vec.keys import CHROM, END, SAMPLE, START
from multiome2vec.simulate import Dataset, Design, simulate_dataset
from multiome2vec.simulate.write import (
    gtf_rows,
    interval_names,
    write_10x_h5,
    write_fasta,
    write_fragments,
)
from scipy import sparse
from scipy.io import mmwrite

DESIGN = Design(barcodes=640, chromosome_length=650_000, genes=600)
MOUSE = ("e18_brain5k", "snareseq_cortex", "snareseq_p0")
SPARSE = 0.15  # share of the cut sites that methods with combinatorial indexing find
UNPLACED = "GL000008.2"  # a sequence beside the chromosomes, as primary assemblies have them


@functools.cache
def human() -> Dataset:
    """The simulated tissue."""
    return simulate_dataset(DESIGN, seed=11)


@functools.cache
def mouse() -> Dataset:
    """The same with the names of mouse genes."""
    data = human()
    genes = data.genes.assign(
        gene_id=data.genes["gene_id"].str.replace("ENSG", "ENSMUSG"),
        gene_name=[_mouse_symbol(name) for name in data.genes["gene_name"]],
    )
    return dataclasses.replace(data, genes=genes)


def _mouse_symbol(name: str) -> str:
    """As MGI spells it: mt-Nd1, Sim00001."""
    prefix, dash, rest = name.partition("MT-")
    return f"mt-{rest.capitalize()}" if dash and not prefix else name.capitalize()


@dataclasses.dataclass(frozen=True)
class Cells:
    """Barcodes of a dataset.

    Attributes
    ----------
    genes
        Columns of ``counts``.
    peaks
        Columns of ``sites``.
    """

    counts: sparse.csr_matrix
    sites: sparse.csr_matrix
    genes: pd.DataFrame
    peaks: list[str]
    barcodes: list[str]
    types: list[str]
    samples: list[str]

    def fragments(self) -> sparse.csr_matrix:
        """Cut sites as counts of fragments, most of them lost."""
        drawn = np.random.default_rng(0).binomial(self.sites.data.astype(int), SPARSE)
        found = sparse.csr_matrix((drawn, self.sites.indices, self.sites.indptr), self.sites.shape)
        found.eliminate_zeros()
        return found


def cells_of(data: Dataset, *, of_sample: str | None = None, good: bool = False) -> Cells:
    """All barcodes, those of a sample, or the good single cells."""
    chosen = np.ones(len(data.cells), bool)
    if of_sample:
        chosen &= (data.cells[SAMPLE] == of_sample).to_numpy()
    if good:
        table = data.cells
        chosen &= ((table["kind"] == "cell") & (table["true_doublet"] == "singlet")).to_numpy()
    table = data.cells[chosen]
    return Cells(
        counts=data.counts[chosen], sites=data.peak_counts[chosen], genes=data.genes,
        peaks=interval_names(data.peaks), barcodes=table["barcode"].tolist(),
        types=table["true_type"].tolist(), samples=table[SAMPLE].tolist(),
    )  # fmt: skip


def reference_files(assembly: str) -> dict[str, bytes]:
    """Files of an assembly by the column ``file`` of ``resources/references.tsv``."""
    data = mouse() if assembly.startswith("mm") else human()
    with tempfile.TemporaryDirectory() as scratch:
        write_fasta(data.sequence, fasta := Path(scratch, "genome.fa"))
        sequence = fasta.read_bytes() + f">{UNPLACED} {UNPLACED}\n{'ACGTN' * 200}\n".encode()
    rows = [line for gene in data.genes.itertuples() for line in gtf_rows(gene)]
    rows = [row.replace("\tmultiome2vec\t", "\tHAVANA\t") for row in rows]
    genes = "##provider: GENCODE\n" + "".join(f"{row}\n" for row in rows)
    listed = [
        f"{row[CHROM]}\t{row[START]}\t{row[END]}\tHigh Signal Region\n"
        for row in data.blacklist.to_dict("records")
    ]
    contents = {
        "fa.gz": sequence, "gtf.gz": genes.encode(), "bed.gz": "".join(listed).encode()
    }  # fmt: skip
    names = {
        "hg38": ("GRCh38.primary_assembly.genome", "gencode.v32.primary_assembly.annotation"),
        "hg19": ("hg19", "gencode.v19.annotation"),
        "mm10": ("GRCm38.primary_assembly.genome", "gencode.vM23.primary_assembly.annotation"),
        "mm39": ("GRCm39.primary_assembly.genome", "gencode.vM30.primary_assembly.annotation"),
    }[assembly]
    listed_name = () if assembly == "mm39" else (f"{assembly}-blacklist.v2",)
    return {
        f"{name}.{ending}": _gz(content)
        for name, (ending, content) in zip((*names, *listed_name), contents.items(), strict=False)
    }


def dataset_files(dataset: str) -> dict[str, bytes]:
    """Files of a dataset by the column ``file`` of ``resources/datasets.tsv``: those with a URL."""
    return IMITATIONS[dataset](mouse() if dataset in MOUSE else human())


def _gz(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def _lines(values) -> bytes:
    return "".join(f"{value}\n" for value in values).encode()


def _mtx(features_by_cells: sparse.spmatrix) -> bytes:
    with io.BytesIO() as out:
        mmwrite(out, features_by_cells.astype(int).tocoo(), field="integer")
        return out.getvalue()


def _tar(members: Mapping[str, bytes], mode: str) -> bytes:
    with io.BytesIO() as out:
        with tarfile.open(fileobj=out, mode=mode) as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return out.getvalue()


def _arc(stem: str) -> Callable:
    """What Cell Ranger ARC gives: genes and peaks as HDF5, fragments as bgzip."""

    def make(data: Dataset) -> dict[str, bytes]:
        cells = cells_of(data, of_sample="s1")
        with tempfile.TemporaryDirectory() as scratch:
            matrix, fragments = (Path(scratch, name) for name in ("matrix.h5", "fragments.tsv.gz"))
            write_10x_h5(
                sparse.hstack([cells.counts, cells.sites], format="csr"), barcodes=cells.barcodes,
                genes=data.genes, peaks=data.peaks, path=matrix,
            )  # fmt: skip
            write_fragments(
                data.fragments["s1"], sample=stem, barcodes=cells.barcodes, path=fragments,
                index=Path(scratch, "index"),
            )  # fmt: skip
            return {
                f"{stem}_filtered_feature_bc_matrix.h5": matrix.read_bytes(),
                f"{stem}_atac_fragments.tsv.gz": fragments.read_bytes(),
            }

    return make


def _bmmc(kind: str) -> Callable:
    """GSE194122: processed cells of several batches, counts in a layer, two kinds of features."""

    def make(data: Dataset) -> dict[str, bytes]:
        cells = cells_of(data, good=True)
        other, name = (cells.sites, "ATAC") if kind == "multiome" else (_proteins(cells), "ADT")
        counts = sparse.hstack([cells.counts, other], format="csr").astype(np.float32)
        batch = [{"s1": "s1d1", "s2": "s4d8"}[sample] for sample in cells.samples]
        named = zip(cells.barcodes, batch, strict=True)
        obs = pd.DataFrame(
            {
                "GEX_pct_counts_mt": 0.0, "cell_type": cells.types, "batch": batch,
                "Site": [text[:2] for text in batch], "DonorNumber": [text[2:] for text in batch],
                "DonorID": [{"s1d1": 15078, "s4d8": 28045}[text] for text in batch],
            },
            index=[f"{barcode}-{text}" for barcode, text in named],
        )  # fmt: skip
        obs = obs.astype(dict.fromkeys(obs.columns[1:5], "category"))
        n = other.shape[1]
        regions = [peak.replace(":", "-") for peak in cells.peaks]
        features = regions if kind == "multiome" else [f"CD{i + 1}" for i in range(n)]
        types = ["GEX"] * len(cells.genes) + [name] * n
        ids = [*cells.genes["gene_id"], *features]
        var = pd.DataFrame(
            {"feature_types": pd.Categorical(types), "gene_id": ids},
            index=[*cells.genes["gene_name"], *features],
        )
        values = counts.copy()
        values.data = np.log1p(values.data)
        adata = ad.AnnData(values, obs=obs, var=var, layers={"counts": counts})
        adata.uns = {"dataset_id": f"openproblems_bmmc_{kind}_phase2", "organism": "human"}
        adata.obsm["GEX_X_pca"] = np.zeros((adata.n_obs, 5), np.float32)
        with tempfile.TemporaryDirectory() as scratch:
            adata.write_h5ad(path := Path(scratch, "bmmc.h5ad"))
            stem = f"GSE194122_openproblems_neurips2021_{kind}_BMMC_processed.h5ad.gz"
            return {stem: _gz(path.read_bytes())}

    return make


def _proteins(cells: Cells) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.random.default_rng(0).poisson(5, (len(cells.barcodes), 8)))


def _scicar(data: Dataset) -> dict[str, bytes]:
    """GSE117089: tables with headers and commas; chromosomes without "chr"; cells of one side.

    Of the barcodes, the first twentieth has RNA alone, the last ATAC alone.
    """
    cells = cells_of(data, good=True)
    few = len(cells.barcodes) // 20
    sides = {"RNA": slice(None, -few), "ATAC": slice(few, None)}
    line = {"RNA": "GSM3271040_RNA", "ATAC": "GSM3271041_ATAC"}
    genes = cells.genes[["gene_id", "gene_type", "gene_name"]]
    genes = genes.set_axis(["gene_id", "gene_type", "gene_short_name"], axis=1)
    places = pd.Series(cells.peaks).str.extract(r"chr(\w+):(\d+)-(\d+)")
    places.columns = ["chr", "start", "end"]
    places.insert(0, "peak", [f"peak_{i}" for i in range(len(places))])
    places.insert(0, "id", range(1, len(places) + 1))
    members = {}
    for side, mine in sides.items():
        stem = f"{line[side]}_sciCAR_A549"
        counts = cells.counts if side == "RNA" else cells.fragments()
        found = pd.DataFrame({"sample": cells.barcodes, "cell_name": cells.types})[mine]
        kind = {"RNA": "gene", "ATAC": "peak"}[side]
        tables = {"cell": found, kind: genes if side == "RNA" else places}
        members[f"{stem}_{kind}_count.txt.gz"] = _gz(_mtx(counts[mine].T))
        for name, table in tables.items():
            members[f"{stem}_{name}.txt.gz"] = _gz(table.to_csv(index=False).encode())
    members["GSM3271042_RNA_sciCAR_kidney_cell.txt.gz"] = _gz(b"sample\n")
    return {"GSE117089_RAW.tar": _tar(members, "w")}


def _snareseq(data: Dataset) -> dict[str, bytes]:
    """GSE126074, cell lines: text tables with the barcodes as header, no corner."""
    cells = cells_of(data, good=True)
    barcodes = [barcode.removesuffix("-1")[:12] for barcode in cells.barcodes]
    sides = {
        "cDNA": (cells.counts, cells.genes["gene_name"]),
        "chromatin": (cells.fragments(), cells.peaks),
    }
    files = {}
    for side, (counts, names) in sides.items():
        table = pd.DataFrame(counts.T.toarray().astype(int), index=list(names), columns=barcodes)
        text = table.to_csv(sep="\t").removeprefix("\t")
        files[f"GSE126074_CellLineMixture_SNAREseq_{side}_counts.tsv.gz"] = _gz(text.encode())
    return files


def _snareseq_cortex(data: Dataset) -> dict[str, bytes]:
    """GSE126074, cortex: matrix, barcodes and names as files of their own, one column each."""
    cells = cells_of(data, good=True)
    barcodes = [f"09A_{barcode[:12]}" for barcode in cells.barcodes]
    files = {}
    for side, counts, names in (
        ("rna", cells.counts, cells.genes["gene_name"]),
        ("atac", cells.fragments(), cells.peaks),
    ):
        files[f"{side}/matrix.mtx.gz"] = _gz(_mtx(counts.T))
        files[f"{side}/barcodes.tsv.gz"] = _gz(_lines(barcodes))
        files[f"{side}/features.tsv.gz"] = _gz(_lines(names))
    return files


def _pairedseq(data: Dataset) -> dict[str, bytes]:
    """GSE130399: two folders of plain files in one archive."""
    cells = cells_of(data, good=True)
    barcodes = [barcode.removesuffix("-1") for barcode in cells.barcodes]
    genes = [f"{gene.gene_id}\t{gene.gene_name}" for gene in cells.genes.itertuples()]
    regions = [f"{name}\t{name}" for name in cells.peaks]
    members = {}
    for side, counts, names in (("RNA", cells.counts, genes), ("DNA", cells.fragments(), regions)):
        members[f"Cell_Mix_{side}/matrix.mtx"] = _mtx(counts.T)
        members[f"Cell_Mix_{side}/barcodes.tsv"] = _lines(barcodes)
        members[f"Cell_Mix_{side}/genes.tsv"] = _lines(names)
    return {"GSE130399_GSM3737488_GSM3737489_Cell_Mix.tar.gz": _tar(members, "w:gz")}


def _pbmc68k(data: Dataset) -> dict[str, bytes]:
    """10x, Cell Ranger 1: a matrix folder in an archive, and the authors' annotation."""
    cells = cells_of(data, good=True)
    barcodes = [f"{barcode[:14]}-1" for barcode in cells.barcodes]
    genes = [f"{gene.gene_id}\t{gene.gene_name}" for gene in cells.genes.itertuples()]
    folder = "filtered_matrices_mex/hg19"
    members = {
        f"{folder}/matrix.mtx": _mtx(cells.counts.T),
        f"{folder}/genes.tsv": _lines(genes),
        f"{folder}/barcodes.tsv": _lines(barcodes),
    }
    rows = [
        f"{i}.5\t-{i}.25\t{barcode}\t{label}"
        for i, (barcode, label) in enumerate(zip(barcodes, cells.types, strict=True))
    ]
    return {
        "fresh_68k_pbmc_donor_a_filtered_gene_bc_matrices.tar.gz": _tar(members, "w:gz"),
        "68k_pbmc_barcodes_annotation.tsv": _lines(["TSNE.1\tTSNE.2\tbarcodes\tcelltype", *rows]),
    }


IMITATIONS: dict[str, Callable[[Dataset], dict[str, bytes]]] = {
    "pbmc3k": _arc("pbmc_granulocyte_sorted_3k"),
    "pbmc10k": _arc("pbmc_granulocyte_sorted_10k"),
    "brain3k": _arc("human_brain_3k"),
    "e18_brain5k": _arc("e18_mouse_brain_fresh_5k"),
    "bmmc_multiome": _bmmc("multiome"),
    "bmmc_cite": _bmmc("cite"),
    "scicar": _scicar,
    "snareseq": _snareseq,
    "snareseq_cortex": _snareseq_cortex,
    "snareseq_p0": _snareseq_cortex,
    "pairedseq": _pairedseq,
    "pbmc68k": _pbmc68k,
}
