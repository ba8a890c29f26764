"""The parts of one small dataset agree with each other and with the truth tables."""

import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.simulate import Design, simulate_dataset
from multiome2vec.simulate.types import TYPES

REVERSE = str.maketrans("ACGT", "TGCA")


def test_every_planted_site_is_in_the_genome(data):
    for site in data.sites.itertuples():
        text = data.sequence[site.chrom][site.start : site.end].tobytes().decode()
        if site.strand == "-":
            text = text.translate(REVERSE)[::-1]
        assert text == site.sequence, site


def test_sites_lie_in_regions_of_their_factor_and_decoys_do_not(data):
    regions = data.regions.set_index("name")
    planted = data.sites[~data.sites["decoy"]]
    home = regions.loc[planted["region"]]
    assert (home["tf"].to_numpy() == planted["tf"].to_numpy()).all()
    assert (home["start"].to_numpy() <= planted["start"].to_numpy()).all()
    assert (home["end"].to_numpy() >= planted["end"].to_numpy()).all()
    counts = planted.groupby("region").size()
    assert set(counts.index) == set(regions.index[regions["class"] == "specific"])
    assert counts.between(1, 3).all()

    decoys = data.sites[data.sites["decoy"]]
    shared = decoys[decoys["region"] != ""]
    assert (regions.loc[shared["region"], "class"] == "shared").all()
    for site in decoys[decoys["region"] == ""].itertuples():
        near = data.regions[data.regions["chrom"] == site.chrom]
        assert not ((near["start"] < site.end) & (near["end"] > site.start)).any()


def test_twins_contain_the_motif_itself_and_are_a_minority(data):
    for factor in data.tfs.itertuples():
        twins = factor.twins.split(",")
        assert factor.matrix_id in twins
        assert len(twins) < 80
    # hardly a motif is a twin of two factors of one type
    for name in TYPES:
        mine = data.tfs[[name in types.split(",") for types in data.tfs["types"]]]
        twins = [twin for text in mine["twins"] for twin in text.split(",")]
        assert len(twins) - len(set(twins)) <= 2, name


def test_regions_are_sorted_apart_and_of_the_stated_width(data):
    regions = data.regions
    assert (regions["end"] - regions["start"]).between(400, 600).all()
    for _, group in regions.groupby("chrom"):
        assert (np.diff(group["start"]) > 0).all()
        assert (group["start"].to_numpy()[1:] - group["end"].to_numpy()[:-1] > 100).all()
    assert set(regions["class"]) == {"promoter", "shared", "specific"}


def test_open_types_follow_the_branches_of_the_tree(data, design):
    for node in design.nodes:
        mine = data.regions[data.regions["node"] == node.name]
        # chance variation between types may close a weak region of no other branch
        assert (mine["types"].mode() == ",".join(node.members)).all()
        member = mine[f"acc_{node.members[0]}"].mean()
        others = [f"acc_{name}" for name in TYPES if name not in node.members]
        assert (mine[others].mean() < 0.6 * member).all()


def test_promoters_are_gc_rich(data):
    def gc(table):
        bases = [
            data.sequence[c][s:e]
            for c, s, e in zip(table.chrom, table.start, table.end, strict=True)
        ]
        return np.mean([np.isin(b, [ord("G"), ord("C")]).mean() for b in bases])

    promoter = data.regions["class"] == "promoter"
    assert gc(data.regions[promoter]) > gc(data.regions[~promoter]) + 0.08


def test_factors_are_expressed_in_their_types(data, design):
    genes = data.genes.set_index("gene_name")
    for node in design.nodes:
        row = genes.loc[node.factor]
        inside = min(row[f"mean_{name}"] for name in node.members)
        outside = max(row[f"mean_{name}"] for name in TYPES if name not in node.members)
        assert inside > 1.8 * outside
        cells = data.cells["true_type"].isin(node.members) & (data.cells["kind"] == "cell")
        counts = data.counts[:, data.genes["gene_name"].tolist().index(node.factor)].toarray()[:, 0]
        elsewhere = (data.cells["kind"] == "cell") & ~data.cells["true_type"].isin(node.members)
        assert counts[cells.to_numpy()].mean() > counts[elsewhere.to_numpy()].mean()


def test_mitochondrial_share_tells_dying_cells(data):
    mito = data.genes["gene_name"].str.startswith("MT-").to_numpy()
    share = data.counts[:, mito].sum(axis=1) / data.counts.sum(axis=1)
    share = np.asarray(share).ravel()
    cells = data.cells
    assert np.quantile(share[cells["kind"] == "cell"], 0.99) < 0.1
    assert share[cells["defect"] == "dying"].min() > 0.15


def test_kinds_of_barcodes_and_their_depth(data):
    cells = data.cells
    assert len(cells) == 300
    assert cells["cell"].is_unique
    assert (cells["cell"] == cells["sample"] + "#" + cells["barcode"]).all()
    umis = np.asarray(data.counts.sum(axis=1)).ravel()
    fragments = np.concatenate(
        [
            np.bincount(data.fragments[s].droplet, minlength=(cells["sample"] == s).sum())
            for s in ("s1", "s2")
        ]
    )
    median = pd.DataFrame({"umis": umis, "fragments": fragments}).groupby(cells["kind"]).median()
    assert median.loc["empty"].max() < 150
    assert median.loc["cell"].between(3000, 5000).all()
    assert (median.loc["doublet"] > 1.3 * median.loc["cell"]).all()
    assert (cells["kind"] == "doublet").sum() == 18  # 6 %
    assert (cells["true_doublet"] != "singlet").sum() == 18


def test_true_type_of_doublets_names_both(data):
    doublets = data.cells[data.cells["kind"] == "doublet"]
    pairs = doublets["true_type"].str.split("+")
    assert pairs.map(len).eq(2).all()
    same = pairs.map(lambda pair: pair[0] == pair[1])
    assert (same == (doublets["true_doublet"] == "homotypic")).all()
    assert (data.cells.loc[data.cells["kind"] == "empty", "true_type"] == "").all()


def test_trajectory_cells_belong_to_the_nearest_end(data):
    on = data.cells[data.cells["on_trajectory"]]
    nearest = np.where(on["true_pseudotime"] < 0.5, "Progenitor", "T")
    assert (on["true_type"] == nearest).all()
    assert data.cells.loc[~data.cells["on_trajectory"], "true_pseudotime"].isna().all()


def test_another_seed_gives_other_data(data, design):
    other = simulate_dataset(design, seed=1)
    assert other.cells["barcode"].tolist() != data.cells["barcode"].tolist()
    assert (other.sequence["chr1"] != data.sequence["chr1"]).mean() > 0.5


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"genes": 900}, "simulate.genes = 900 genes do not fit"),
        ({"genes": 300, "shared_enhancers": 600.0}, "enhancers do not fit between 300 genes"),
    ],
)
def test_too_many_genes_are_refused(size, message):
    with pytest.raises(UserError, match=message):
        simulate_dataset(Design(chromosome_length=400_000, **size), seed=0)
