"""The files are what other programs read, and the same bytes for the same seed."""

import gzip
import hashlib

import numpy as np
import pandas as pd
import pysam
import scanpy as sc
from multiome2vec.simulate.atac import NAMES


def digests(out):
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in out.items()}


def test_same_seed_same_bytes(files, tmp_path, written):
    assert digests(written(tmp_path, seed=0)) == digests(files)


def test_matrix_opens_in_scanpy(files, data):
    cells = data.cells[data.cells["sample"] == "s2"]
    adata = sc.read_10x_h5(files["matrix_s2"], gex_only=False)
    assert adata.obs_names.tolist() == cells["barcode"].tolist()
    kinds = adata.var["feature_types"]
    rna = adata[:, kinds == "Gene Expression"]
    assert rna.var_names.tolist() == data.genes["gene_name"].tolist()
    assert rna.var["gene_ids"].tolist() == data.genes["gene_id"].tolist()
    expected = data.counts[cells.index].toarray()
    np.testing.assert_array_equal(rna.X.toarray(), expected)
    peaks = adata[:, kinds == "Peaks"]
    assert peaks.n_vars == len(data.peaks)
    assert peaks.var_names.str.match(r"^chr[123]:\d+-\d+$").all()
    assert (peaks.X.data == peaks.X.data.round()).all()


def test_fragments_are_indexed_sorted_and_commented(files, data):
    barcodes = data.cells.loc[data.cells["sample"] == "s1", "barcode"].to_numpy()
    truth = data.fragments["s1"]
    with pysam.TabixFile(str(files["fragments_s1"])) as tabix:
        assert tabix.contigs == list(NAMES)
        assert "# id=s1" in tabix.header
        rows = [row.split("\t") for row in tabix.fetch("chr2", 100_000, 120_000)]
    use = (truth.chrom == 1) & (truth.start < 120_000) & (truth.end > 100_000)
    assert len(rows) == use.sum() > 100
    expected = zip(truth.start[use], truth.end[use], barcodes[truth.droplet[use]], strict=True)
    assert [(int(r[1]), int(r[2]), r[3]) for r in rows] == list(expected)
    assert [int(r[4]) for r in rows] == truth.count[use].tolist()


def test_genome_and_annotation_agree_with_the_truth(files, data):
    with pysam.FastaFile(str(files["genome"])) as fasta:
        assert dict(zip(fasta.references, fasta.lengths, strict=True)) == {
            **dict.fromkeys(NAMES[:3], 400_000),
            "chrM": 16_569,
        }
        assert (
            fasta.fetch("chr3", 1000, 1100) == data.sequence["chr3"][1000:1100].tobytes().decode()
        )
    with gzip.open(files["genes"], "rt") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    table = pd.DataFrame(rows).astype({3: int, 4: int})
    assert set(table[2]) == {"gene", "transcript", "exon"}
    genes = table[table[2] == "gene"].reset_index(drop=True)
    names = genes[8].str.extract(r'gene_name "([^"]+)"')[0]
    assert names.tolist() == data.genes["gene_name"].tolist()
    tss = np.where(genes[6] == "+", genes[3] - 1, genes[4] - 1)
    np.testing.assert_array_equal(tss, data.genes["tss"])
    assert {"SPI1", "MT-CO1"} <= set(names)


def test_truth_tables_read_back(files, data):
    cells = pd.read_csv(files["true_cells"], sep="\t", index_col=0, keep_default_na=False)
    assert cells.index.tolist() == data.cells["cell"].tolist()
    assert cells["true_type"].tolist() == data.cells["true_type"].tolist()
    regions = pd.read_csv(files["true_regions"], sep="\t")
    assert {"chrom", "start", "end", "name", "class", "types", "tf"} <= set(regions)
    assert len(regions) == len(data.regions)
    blacklist = pd.read_csv(files["blacklist"], sep="\t", header=None)
    assert blacklist.shape == (6, 3)
