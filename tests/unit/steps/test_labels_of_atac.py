"""Labels of cells with ATAC alone beside cells with RNA."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.io.regions import read_cells
from multiome2vec.steps.labels import labels
from scipy import sparse

N = 80  # cells of each sample
GENES = [f"G{i}" for i in range(40)]


def sample_cells(name):
    return pd.Index([f"{name}#c{i}" for i in range(N)], name=keys.CELL)


def expression(rng, kind):
    """Log values of genes of which each of two types has half."""
    counts = rng.poisson(1 + 5 * (np.arange(40) // 20 == kind[:, None]))
    return sparse.csr_matrix(np.log1p(counts).astype(np.float32))


@pytest.fixture
def data(tmp_path):
    """Sample p is paired, r has RNA alone, t ATAC alone; two types, clusters by chance in ATAC."""
    rng = np.random.default_rng(0)
    kinds = {name: np.arange(N) % 2 for name in "prt"}
    pre = pd.concat(
        [
            pd.DataFrame(
                {
                    keys.BARCODE: [f"c{i}" for i in range(N)], keys.FRAGMENT_BARCODE: "",
                    keys.SAMPLE: name, keys.IN_RNA: name != "t", keys.IN_ATAC: name != "r",
                    keys.KEEP: True, keys.REASON: "",
                },
                index=sample_cells(name),
            )
            for name in "prt"
        ]
    )  # fmt: skip
    pre.to_csv(tmp_path / "pre.tsv", sep="\t")

    def write(rna, atac, *, genes=True):
        kind = np.concatenate([kinds[name] for name in rna])
        cells = ad.AnnData(
            expression(rng, kind),
            obs=pd.DataFrame({keys.LEIDEN: pd.Categorical(kind.astype(str))}),
            var=pd.DataFrame(index=GENES),
        )
        cells.obs_names = np.concatenate([sample_cells(name) for name in rna])
        cells.write_h5ad(tmp_path / "rna.h5ad")
        kind = np.concatenate([kinds[name] for name in atac])
        found = ad.AnnData(
            expression(rng, kind) if genes else None,
            obs=pd.DataFrame({keys.LEIDEN: pd.Categorical((1 - kind).astype(str))}),
            var=pd.DataFrame(index=GENES) if genes else None,
            obsm={keys.X_SPECTRAL: (8 * np.eye(2)[kind] + rng.normal(size=(len(kind), 2)))},
        )
        found.obs_names = np.concatenate([sample_cells(name) for name in atac])
        found.write_h5ad(tmp_path / "atac.h5ad")

    return tmp_path, write


def label(folder, **settings):
    given = {"choice": "auto", "sources": {}, "objects": {}} | settings
    labels(
        barcodes=str(folder / "pre.tsv"),
        annotation=str(folder / "rna.h5ad"),
        out=str(folder / "labels.tsv"),
        atac=str(folder / "atac.h5ad"),
        **given,
    )
    found = read_cells(folder / "labels.tsv")
    return found[keys.LABEL], found.loc[sample_cells("t"), keys.LABEL_SOURCE].unique().tolist()


def kind_names():
    return [f"leiden-{i % 2}" for i in range(N)]


def test_neighbours_with_both_pass_their_labels_on(data):
    folder, write = data
    write("pr", "pt")
    found, source = label(folder)
    assert source == ["neighbours"]
    assert found[sample_cells("t")].tolist() == kind_names()
    assert found[sample_cells("r")].tolist() == kind_names()


def test_labels_of_the_sheet_are_passed_on_but_not_overwritten(data):
    folder, write = data
    write("pr", "pt")
    sheet = folder / "p.tsv"
    sheet.write_text("barcode\tlabel\n" + "".join(f"c{i}\t{'AB'[i % 2]}\n" for i in range(N)))
    found, source = label(folder, sources={"p": str(sheet)})
    assert source == ["neighbours"]
    assert found[sample_cells("t")].tolist() == ["AB"[i % 2] for i in range(N)]
    own = folder / "t.tsv"
    own.write_text("barcode\tlabel\nc0\tmine\n")
    found, source = label(folder, sources={"p": str(sheet), "t": str(own)})
    assert found["t#c0"] == "mine"
    assert found["t#c1"] == "unlabelled"  # its sample has labels of its own


def test_without_pairs_the_activity_of_genes_decides(data):
    folder, write = data
    write("r", "t")
    found, source = label(folder)
    assert source == ["gene activity"]
    assert found[sample_cells("t")].tolist() == kind_names()


def test_without_pairs_and_genes_they_stay_clusters_of_their_own(data):
    folder, write = data
    write("r", "t", genes=False)
    found, source = label(folder)
    assert source == ["leiden of ATAC"]
    assert found["t#c0"] == "atac-leiden-1"
