"""gene_activity on files: planted types have their genes' activity."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.steps.gene_activity import gene_activity
from scipy import sparse

CELLS, GENES = 150, 6
TYPE = np.arange(CELLS) % 3
SETTINGS = {"window": 100_000, "decay": 5000}


@pytest.fixture
def data(tmp_path):
    """Six genes 200 kb apart, five regions around each; genes 0, 1, 2 belong to a type each."""
    rng = np.random.default_rng(0)
    places = 200_000 * (1 + np.arange(GENES))
    start = (places[:, None] + [-40_000, -8000, -300, 2000, 15_000]).ravel()
    gene = np.repeat(np.arange(GENES), 5)
    var = pd.DataFrame({"chrom": "chr1", "start": start, "end": start + 500})
    var.index = "chr1:" + var["start"].astype(str) + "-" + var["end"].astype(str)
    mean = np.where(gene == TYPE[:, None], 1.5, 0.2)
    mean[:, gene > 2] = 0.6
    counts = rng.poisson(mean)
    counts[1] = 0  # a cell with nothing open
    obs = pd.DataFrame(index=[f"s1#{i}" for i in range(CELLS)])
    ad.AnnData(sparse.csr_matrix(counts), obs, var).write_h5ad(tmp_path / "regions.h5ad")
    keep = pd.DataFrame({"keep": np.arange(CELLS) > 0, "reason": ""}, index=obs.index)
    keep.rename_axis("cell").to_csv(tmp_path / "barcodes.tsv", sep="\t")
    write_genes(tmp_path, [("chr1", place) for place in places])
    return tmp_path


def write_genes(folder, places):
    rows = [*places, ("chr1", 90_000_000)]  # the last has no region near
    names = ["A", "B", "C", "D", "E", "E", "far"]
    (folder / "genes.bed").write_text(
        "".join(
            f"{chrom}\t{start}\t{start + 3000}\t{name}\tID{i}\t+\n"
            for i, ((chrom, start), name) in enumerate(zip(rows, names, strict=True))
        )
    )


def run(data):
    gene_activity(
        regions=str(data / "regions.h5ad"), barcodes=str(data / "barcodes.tsv"),
        genes=str(data / "genes.bed"), out=str(data / "out.h5ad"), **SETTINGS,
    )  # fmt: skip
    return ad.read_h5ad(data / "out.h5ad")


def test_genes_are_active_where_their_regions_are_open(data):
    found = run(data)
    assert found.obs_names.tolist() == [f"s1#{i}" for i in range(1, CELLS)]
    assert found.var_names.tolist() == ["A", "B", "C", "D", "E", "E-1"]  # not "far"
    assert found.var["gene_ids"].tolist() == [f"ID{i}" for i in range(6)]
    mean = np.stack([found.X[TYPE[1:] == one].mean(axis=0).A1 for one in range(3)])
    assert (mean[:, :3].argmax(axis=0) == np.arange(3)).all()
    others = np.sort(mean[:, :3], axis=0)
    assert (others[2] - others[1] > 0.5).all()  # in log units
    assert (others[2] - others[1]).min() > np.ptp(mean[:, 3:], axis=0).max()


def test_cells_have_10000_and_an_empty_cell_nothing(data):
    found = run(data)
    sums = np.expm1(found.X.toarray().astype(float)).sum(axis=1)
    np.testing.assert_allclose(sums[1:], 1e4, rtol=1e-4)
    assert sums[0] == 0
    assert found.obs["total_activity"].iloc[0] == 0
    assert (found.obs["total_activity"].iloc[1:] > 0).all()


def test_other_chromosome_names_are_explained(data):
    write_genes(data, [("1", 200_000 * (1 + i)) for i in range(GENES)])
    with pytest.raises(UserError, match="of one assembly, with the same names of chromosomes"):
        run(data)
    assert not (data / "out.h5ad").exists()
