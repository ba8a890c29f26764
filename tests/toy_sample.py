"""A sound sample of eight cells, which tests damage."""

import gzip
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pysam
from multiome2vec.io.sheet import COLUMNS
from scipy import sparse
from scipy.io import mmwrite

CELLS, GENES = 8, 5
LENGTHS = {"chr1": 3000, "chr2": 2000}


class Sample:
    """A sound sample: RNA, fragments and labels of eight cells, and an assembly."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(0)
        self.folder = folder
        letters = rng.choice(list("ACGT"), (CELLS, 16))
        self.barcodes = ["".join(row) + "-1" for row in letters]
        self.genes = [f"GENE{i}" for i in range(GENES)]
        self.counts = rng.poisson(3, (CELLS, GENES)).astype(np.float32)
        self.counts[0, 0] = 7
        starts = {name: np.sort(rng.integers(0, 1500, 60)) for name in LENGTHS}
        self.lines = [
            f"{name}\t{start}\t{start + 90}\t{self.barcodes[i % CELLS]}\t{1 + i % 3}"
            for name, places in starts.items()
            for i, start in enumerate(places)
        ]
        self.row = dict.fromkeys(COLUMNS, "") | {"rna_kind": "h5ad"}
        self.row["rna"] = str(folder / "rna.h5ad")
        self.row["fragments"] = str(folder / "fragments.tsv.gz")
        self.row["labels"] = str(folder / "labels.tsv")
        self.assembly = dict.fromkeys(
            ("fasta", "gtf", "tss", "blacklist", "chromosome_names", "mitochondrion")
            + ("standard_chromosomes",)
        )
        self.assembly["chrom_sizes"] = str(folder / "chrom.sizes")
        self.assembly["gtf"] = str(folder / "genes.gtf")
        self.sheet: bytes | None = None
        self._write()

    def _write(self) -> None:
        self.write_rna(self.counts)
        self.write_fragments(self.lines)
        rows = (f"{name}\tT{i % 2}\n" for i, name in enumerate(self.barcodes))
        (self.folder / "labels.tsv").write_text("".join(rows))
        sizes = "".join(f"{name}\t{size}\n" for name, size in LENGTHS.items())
        (self.folder / "chrom.sizes").write_text(sizes)
        self.write_gtf(1200)

    def write_gtf(self, end: int) -> None:
        """Write one gene of chr1."""
        text = f'chr1\tx\tgene\t101\t{end}\t.\t+\t.\tgene_id "G"; gene_name "GENE0";\n'
        (self.folder / "genes.gtf").write_text(text)

    def anndata(self, matrix, **more) -> ad.AnnData:
        """The sample's cells and genes with some values."""
        obs = pd.DataFrame({"type": "T"}, index=self.barcodes)
        return ad.AnnData(matrix, obs=obs, var=pd.DataFrame(index=self.genes), **more)

    def write_rna(self, matrix, **more) -> None:
        """Write the RNA anew."""
        self.anndata(matrix, **more).write_h5ad(self.row["rna"])

    def write_fragments(self, lines: list[str]) -> None:
        """Write the fragments anew, as bgzip."""
        with pysam.BGZFile(self.row["fragments"], "w") as file:
            file.write(("\n".join(lines) + "\n").encode())

    def write_h5(self, path: Path) -> None:
        """Write the RNA as Cell Ranger does, and name it in the sheet."""
        matrix = sparse.csr_matrix(self.counts.astype(np.int32))
        with h5py.File(path, "w") as file:
            group = file.create_group("matrix")
            for name in ("data", "indices", "indptr"):
                group[name] = getattr(matrix, name)
            group["shape"] = [GENES, CELLS]
            group["barcodes"] = np.array(self.barcodes, "S")
            features = group.create_group("features")
            features["id"] = features["name"] = np.array(self.genes, "S")
            features["feature_type"] = np.array(["Gene Expression"] * GENES, "S")
            features["genome"] = np.array(["GRCh38"] * GENES, "S")
        self.row |= {"rna": str(path), "rna_kind": "10x_h5"}

    def write_mtx(self, folder: Path, prefix: str = "", features: int = GENES) -> None:
        """Write the RNA as a matrix folder, and name it in the sheet."""
        folder.mkdir(exist_ok=True)
        mmwrite(str(folder / "m.mtx"), sparse.coo_matrix(self.counts.T.astype(int)))
        text = (folder / "m.mtx").read_bytes()
        (folder / "m.mtx").unlink()
        rows = "".join(f"id{i}\t{name}\n" for i, name in enumerate(self.genes[:features]))
        files = {"matrix.mtx": text, "barcodes.tsv": "\n".join(self.barcodes).encode()}
        for name, content in (files | {"features.tsv": rows.encode()}).items():
            (folder / f"{prefix}{name}.gz").write_bytes(gzip.compress(content))
        self.row |= {"rna": str(folder), "rna_kind": "10x_mtx"}
