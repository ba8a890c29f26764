"""Steps of quality control on files of a few barcodes."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.regions import read_cells
from multiome2vec.steps.annotate_atac import annotate_atac
from multiome2vec.steps.annotate_rna import annotate_rna
from multiome2vec.steps.atac_qc import atac_qc
from multiome2vec.steps.atac_qc_ready import atac_qc_ready
from multiome2vec.steps.doublets import doublets
from multiome2vec.steps.labels import labels
from multiome2vec.steps.pre_qc import pre_qc
from multiome2vec.steps.rna_qc import rna_qc
from scipy import sparse
from toy_chromosomes import write_chromosomes

THRESHOLDS = {
    "mode": "fixed", "min_genes": 15, "max_genes": None, "max_pct_mt": 25, "mads_counts": 5,
    "mads_mt": 3,
}  # fmt: skip
GRAPH = {"n_neighbors": 5, "resolution": 0.5}
N = 12


def write_barcodes(path, *, rna, atac, sample="s"):
    """Twelve barcodes; the fragments spell them in lower case."""
    names = [f"BC{i:02d}" for i in range(N)]
    table = pd.DataFrame(
        {
            keys.BARCODE: names,
            keys.FRAGMENT_BARCODE: [name.lower() if atac else "" for name in names],
            keys.IN_RNA: rna,
            keys.IN_ATAC: atac,
            keys.SAMPLE: sample,
            keys.BATCH: "1",
        },
        index=pd.Index([f"{sample}#{name}" for name in names], name=keys.CELL),
    )
    table.to_csv(path, sep="\t")
    return str(path)


def write_rna(path, *, counts=True, reverse=False):
    """Twelve barcodes × 20 genes; barcode 0 is empty. Rows may be in another order."""
    values = np.random.default_rng(0).poisson(4, (N, 20)) + 1
    values[0] = 0
    order = slice(None, None, -1 if reverse else 1)
    adata = ad.AnnData(
        sparse.csr_matrix(values.astype(np.int32 if counts else np.float32))[order],
        obs=pd.DataFrame(index=[f"BC{i:02d}" for i in range(N)][order]),
        var=pd.DataFrame(index=[f"G{i}" for i in range(20)]),
    )
    if counts:
        adata.layers[keys.COUNTS] = adata.X.copy()
    adata.write_h5ad(path)
    return str(path)


def write_regions(path, *, unit, names):
    values = np.random.default_rng(1).integers(0, 6, (N, 40)).astype(np.int32)
    var = pd.DataFrame({keys.CHROM: "chr1", keys.START: np.arange(40) * 1000})
    var[keys.END] = var[keys.START] + 500
    var.index = [f"chr1:{s}-{e}" for s, e in zip(var[keys.START], var[keys.END], strict=True)]
    adata = ad.AnnData(sparse.csr_matrix(values), obs=pd.DataFrame(index=names), var=var)
    adata.uns[keys.COUNTING] = unit
    adata.write_h5ad(path)
    return values


@pytest.fixture
def rna_tables(tmp_path):
    """Quality and doublet tables of a sample with RNA."""

    def make(*, counts):
        files = {
            "rna": write_rna(tmp_path / "rna.h5ad", counts=counts, reverse=True),
            "barcodes": write_barcodes(tmp_path / "barcodes.tsv", rna=True, atac=False),
            "table": str(tmp_path / "rna_qc.tsv"),
        }
        rna_qc(**files, limits=str(tmp_path / "limits.tsv"), mt_prefix="MT-", thresholds=THRESHOLDS)
        scores = str(tmp_path / "doublets.tsv")
        doublets(
            rna=files["rna"], barcodes=files["barcodes"], quality=files["table"], table=scores,
            caller="scrublet", rate_per_1000=0.008, seed=0,
        )  # fmt: skip
        return files | {"doublets": scores}

    return make


def decide(files, out, **lists):
    settings = {"include": None, "exclude": None, "max_cells": None, "seed": 0}
    settings |= {"least_cells": 2, "failed_samples": "stop"} | lists
    tables = {"rna": [files["table"]], "doublets": [files["doublets"]], "atac": []}
    pre_qc(barcodes=[files["barcodes"]], tables=tables, out=str(out), **settings)
    return read_cells(out)


def test_rna_only_sample(rna_tables, tmp_path):
    files = rna_tables(counts=True)
    quality = read_cells(files["table"])
    assert quality.loc["s#BC00", keys.RNA_REASON] == "low_genes"  # rows are matched by name
    assert quality[keys.RNA_PASS].sum() == N - 1
    scores = read_cells(files["doublets"])
    assert "s#BC00" not in scores.index
    assert set(scores[keys.DOUBLET_NOTE]) == {"not scored: 11 cells, at least 30 are needed"}
    table = decide(files, tmp_path / "pre.tsv")
    assert len(table) == N
    assert table[keys.KEEP].sum() == N - 1
    assert table[keys.TSSE].isna().all()
    assert not table[keys.ATAC_PASS].any()


def test_normalised_rna_is_not_judged(rna_tables, tmp_path):
    files = rna_tables(counts=False)
    quality = read_cells(files["table"])
    assert quality[keys.RNA_PASS].all()
    assert quality[keys.TOTAL_COUNTS].isna().all()
    notes = set(read_cells(files["doublets"])[keys.DOUBLET_NOTE])
    assert notes == {"not scored: the RNA has no counts"}
    assert decide(files, tmp_path / "pre.tsv")[keys.KEEP].all()


def test_lists_of_cells(rna_tables, tmp_path):
    files = rna_tables(counts=True)
    wanted, odd = tmp_path / "wanted.txt", tmp_path / "odd.txt"
    wanted.write_text("s#BC01\ns#BC02\nelsewhere\n")
    odd.write_text("BC01\n")
    table = decide(files, tmp_path / "pre.tsv", include=str(wanted))
    assert table.index[table[keys.KEEP]].tolist() == ["s#BC01", "s#BC02"]
    table = decide(files, tmp_path / "pre.tsv", exclude=str(wanted), max_cells=4)
    assert table[keys.KEEP].sum() == 4
    assert table.loc["s#BC01", keys.REASON] == "excluded"
    with pytest.raises(UserError, match=r"qc\.exclude: none of the 1 lines .* example s#BC00"):
        decide(files, tmp_path / "pre.tsv", exclude=str(odd))
    with pytest.raises(UserError, match=r"qc\.include: .*does not exist"):
        decide(files, tmp_path / "pre.tsv", include=str(tmp_path / "none"))


def test_a_sample_without_cells_is_an_error(rna_tables, tmp_path):
    files = rna_tables(counts=True)
    empty = tmp_path / "one.txt"
    empty.write_text("s#BC00\n")
    with pytest.raises(UserError, match=r"(?s)1 of 1 samples .*: s\..*joint took 11 of 12"):
        decide(files, tmp_path / "pre.tsv", include=str(empty))


@pytest.mark.parametrize("unit", [keys.FRAGMENT, keys.INSERTION])
def test_ready_matrix_gives_totals_only(tmp_path, unit):
    barcodes = write_barcodes(tmp_path / "barcodes.tsv", rna=True, atac=True)
    names = [f"bc{i:02d}" for i in range(N)]  # the ATAC side's spelling
    values = write_regions(tmp_path / "regions.h5ad", unit=unit, names=names)
    out = {name: str(tmp_path / f"{name}.tsv") for name in ("table", "profile", "limits")}
    atac_qc_ready(regions=str(tmp_path / "regions.h5ad"), barcodes=barcodes, out=out, min_regions=0)
    table = read_cells(out["table"])
    total = values.sum(axis=1)
    expected = -(-total // 2) if unit == keys.INSERTION else total
    assert table[keys.N_FRAGMENT].tolist() == expected.tolist()
    assert table[keys.ATAC_PASS].all()
    assert table[keys.TSSE].isna().all()


def test_cells_of_a_ready_matrix_with_few_open_regions(tmp_path):
    barcodes = write_barcodes(tmp_path / "barcodes.tsv", rna=True, atac=True)
    names = [f"bc{i:02d}" for i in range(N)]
    values = write_regions(tmp_path / "regions.h5ad", unit=keys.FRAGMENT, names=names)
    n_open = (values > 0).sum(axis=1)
    limit = int(np.sort(n_open)[N // 2])
    out = {name: str(tmp_path / f"{name}.tsv") for name in ("table", "profile", "limits")}
    atac_qc_ready(
        regions=str(tmp_path / "regions.h5ad"), barcodes=barcodes, out=out, min_regions=limit
    )
    table = read_cells(out["table"])
    assert 0 < (n_open < limit).sum() < N
    assert table[keys.ATAC_PASS].tolist() == (n_open >= limit).tolist()
    assert set(table[keys.ATAC_REASON]) == {"", "low_regions"}


@pytest.fixture
def library(tmp_path):
    """Fragments of twelve barcodes over 40 kb, the last barcode without any; and a reference."""
    rng = np.random.default_rng(0)
    rows = []
    for cell in range(N - 1):
        for start in rng.integers(0, 39_000, 200):
            place = int(start) // 2 + 20_000 * (cell % 2)  # two types
            rows.append(("chr1", place, place + int(rng.integers(50, 400)), f"bc{cell:02d}", 1))
    table = pd.DataFrame(sorted(rows))
    table.to_csv(tmp_path / "fragments.tsv.gz", sep="\t", header=False, index=False)
    write_chromosomes(tmp_path / "chromosomes.tsv", chr1=41_000, chrM=16_000)
    (tmp_path / "tss.bed").write_text("chr1\t10000\t10001\tG\tG\t+\n")
    (tmp_path / "blacklist.bed").write_text("chr1\t0\t500\n")
    return tmp_path


def test_atac_from_fragments(library):
    barcodes = write_barcodes(library / "barcodes.tsv", rna=False, atac=True)
    out = {name: str(library / f"{name}.tsv") for name in ("table", "profile", "limits")}
    names = ("chromosomes.tsv", "tss.bed", "blacklist.bed")
    reference = {name.partition(".")[0]: str(library / name) for name in names}
    atac_qc(
        fragments=str(library / "fragments.tsv.gz"),
        barcodes=barcodes,
        reference=reference,
        out=out,
        thresholds={
            "mode": "auto", "min_log10_fragments": 2, "min_tsse": 0, "max_nucleosome_signal": 9,
        },
        doublets=True,
        seed=0,
    )  # fmt: skip
    table = read_cells(out["table"])
    assert table.index.tolist() == [f"s#BC{i:02d}" for i in range(N)]
    assert table[keys.N_FRAGMENT].tolist() == [200] * (N - 1) + [0]
    assert table.loc["s#BC11", keys.ATAC_REASON] == "low_fragments"
    assert table[keys.ATAC_DOUBLET_SCORE].isna().all()  # too few cells
    profile = pd.read_csv(out["profile"], sep="\t")
    assert set(profile["kind"]) == {"tss", "length", "score"}
    assert profile.loc[profile["kind"] == "score", "position"].tolist() == ["library_tsse"]
    left = {path.name for path in library.iterdir()}
    assert not [name for name in left if name.startswith(".")]  # nothing temporary stays


def write_kept(path, *, rna, atac, samples=("s",)):
    parts = []
    for sample in samples:
        write_barcodes(path, rna=rna, atac=atac, sample=sample)
        parts.append(read_cells(path).assign(keep=True, reason="").iloc[1 : N - 1])
    pd.concat(parts).to_csv(path, sep="\t")
    return str(path)


def test_annotate_fragments_then_label(library):
    kept = write_kept(library / "pre.tsv", rna=False, atac=True)
    out = str(library / "atac.h5ad")
    annotate_atac(
        fragments={"s": str(library / "fragments.tsv.gz")}, regions={}, barcodes=kept,
        chromosomes=str(library / "chromosomes.tsv"), out=out, n_components=5,
        harmony=True, graph=GRAPH, seed=0,
    )  # fmt: skip
    cells = ad.read_h5ad(out)
    assert cells.obs_names.tolist() == [f"s#BC{i:02d}" for i in range(1, N - 1)]
    even = cells.obs_names.str[-1].astype(int) % 2 == 0
    clusters = cells.obs[keys.LEIDEN]
    assert set(clusters[even]).isdisjoint(clusters[~even])
    given = library / "labels.txt"
    given.write_text("barcode\tlabel\nBC01\tT\nbc02\tB cell\n")  # either spelling
    table = str(library / "labels.tsv")
    labels(barcodes=kept, annotation=out, out=table, choice="auto", sources={"s": str(given)},
           objects={})  # fmt: skip
    found = read_cells(table)
    assert found[keys.LABEL].iloc[:3].tolist() == ["T", "B cell", "unlabelled"]
    labels(barcodes=kept, annotation=out, out=table, choice="leiden", sources={"s": str(given)},
           objects={})  # fmt: skip
    assert read_cells(table)[keys.LABEL].str.startswith("leiden-").all()


def test_clusters_without_rna_are_named_by_gene_activity(library):
    kept = write_kept(library / "pre.tsv", rna=False, atac=True)
    (library / "genes.bed").write_text(
        "chr1\t9000\t12000\tA\tidA\t+\nchr1\t29000\t32000\tB\tidB\t+\n"
    )
    out, table = str(library / "atac.h5ad"), str(library / "labels.tsv")
    annotate_atac(
        fragments={"s": str(library / "fragments.tsv.gz")}, regions={}, barcodes=kept,
        chromosomes=str(library / "chromosomes.tsv"), out=out, n_components=5,
        harmony=True, graph=GRAPH, seed=0, genes=str(library / "genes.bed"),
        activity={"window": 100_000, "decay": 5000},
    )  # fmt: skip
    cells = ad.read_h5ad(out)
    assert cells.var_names.tolist() == ["A", "B"]
    markers = library / "markers.tsv"
    markers.write_text("label\tgene\nfirst\tA\nsecond\tB\n")
    labels(barcodes=kept, annotation=out, out=table, choice="auto", sources={}, objects={},
           markers=str(markers))  # fmt: skip
    found = read_cells(table)
    even = found.index.str[-1].astype(int) % 2 == 0
    assert found.loc[even, keys.LABEL].eq("first").all()
    assert found.loc[~even, keys.LABEL].eq("second").all()
    assert found[keys.LABEL_SOURCE].eq("markers").all()
    cells.obs["type"] = np.where(even, "even", "odd")
    cells.write_h5ad(library / "reference.h5ad")
    with pytest.raises(UserError, match="shares only 2 genes"):
        labels(barcodes=kept, annotation=out, out=table, choice="auto", sources={}, objects={},
               reference=str(library / "reference.h5ad"), reference_label="type")  # fmt: skip


def test_annotate_ready_regions_of_two_samples(tmp_path):
    names = [f"bc{i:02d}" for i in range(N)]  # spelt as on the ATAC side
    for sample in "st":
        write_regions(tmp_path / f"{sample}.h5ad", unit=keys.FRAGMENT, names=names)
    kept = write_kept(tmp_path / "pre.tsv", rna=False, atac=True, samples="st")
    regions = {sample: str(tmp_path / f"{sample}.h5ad") for sample in "st"}
    settings = {
        "barcodes": kept, "chromosomes": None, "out": str(tmp_path / "atac.h5ad"),
        "n_components": 5, "harmony": True, "graph": GRAPH, "seed": 0,
    }  # fmt: skip
    annotate_atac(fragments={}, regions=regions, **settings)
    cells = ad.read_h5ad(settings["out"])
    assert cells.n_obs == 2 * (N - 2)
    assert "X_spectral_harmony" in cells.obsm
    with pytest.raises(UserError, match="have fragments, t a ready region matrix"):
        annotate_atac(fragments={"s": "x"}, regions={"t": regions["t"]}, **settings)


def test_annotate_rna_with_and_without_counts_together(tmp_path, caplog):
    rna = {
        "s": write_rna(tmp_path / "s.h5ad", counts=True, reverse=True),
        "t": write_rna(tmp_path / "t.h5ad", counts=False),
    }
    kept = write_kept(tmp_path / "pre.tsv", rna=True, atac=False, samples="st")
    out = str(tmp_path / "rna.h5ad")
    annotate_rna(
        rna=rna, barcodes=kept, out=out, genes={"min_cells": 3, "n_top_genes": 2000},
        graph=GRAPH, n_pcs=5, harmony=True, seed=0,
    )  # fmt: skip
    cells = ad.read_h5ad(out)
    assert keys.COUNTS not in cells.layers
    counts = ad.read_h5ad(rna["s"])["BC03"].X.toarray().ravel()
    np.testing.assert_allclose(
        cells["s#BC03"].X.toarray().ravel(), np.log1p(1e4 * counts / counts.sum()), rtol=1e-5
    )
    assert "log-normalised to match" in caplog.text
    assert {keys.X_PCA, keys.X_HARMONY, keys.X_UMAP} <= set(cells.obsm)
