"""The steps that need a reference give the same result whatever the chromosomes are called."""

import gzip
import re

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.steps import reference
from multiome2vec.steps.atac_qc import atac_qc
from multiome2vec.steps.call_peaks import call_peaks
from multiome2vec.steps.consensus import consensus
from multiome2vec.steps.count_regions import count_regions
from multiome2vec.steps.gene_activity import gene_activity
from multiome2vec.steps.ingest_fragments import ingest_fragments
from multiome2vec.steps.motif_collection import motif_collection
from multiome2vec.steps.motif_scan import motif_scan
from multiome2vec.steps.simulate import simulate

SAMPLES = ("s1", "s2")
MATRICES = ("regions", "activity", "scores")
PLAIN = {"chr1": "1", "chr2": "2", "chr3": "3", "chrM": "MT"}
REFSEQ = {
    "chr1": ("NC_900001.1", "Simia demonstrans chromosome 1, Sim1 Primary Assembly"),
    "chr2": ("NC_900002.1", "Simia demonstrans chromosome 2, Sim1 Primary Assembly"),
    "chr3": ("NC_900003.1", "Simia demonstrans chromosome 3, Sim1 Primary Assembly"),
    "chrM": ("NC_900009.1", "Simia demonstrans mitochondrion, complete genome"),
}
MOTIF = ">M1.1\tFOS\n" + "\n".join(
    f"{base} [ {' '.join('20' if letter == base else '0' for letter in 'TGACTCA')} ]"
    for base in "ACGT"
)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    """Texts of a simulated dataset: FASTA, GTF, blacklist, fragments."""
    folder = tmp_path_factory.mktemp("simulated")
    out = {name: folder / name for name in ("genome", "genes", "blacklist")}
    for name in ("cells", "regions", "genes", "tfs", "sites"):
        out[f"true_{name}"] = folder / f"true_{name}"
    for sample in SAMPLES:
        out[f"matrix_{sample}"] = folder / f"{sample}.h5"
        out[f"fragments_{sample}"] = folder / f"{sample}.tsv.gz"
        out[f"index_{sample}"] = folder / f"{sample}.tsv.gz.tbi"
    out["genes"] = folder / "genes.gtf.gz"
    simulate(out=out, seed=1, barcodes=160, chromosome_length=200_000, genes=120)
    read = {"genes": gzip.open, "fragments_s1": gzip.open}
    texts = {}
    for name in ("genome", "genes", "blacklist", "fragments_s1"):
        with read.get(name, open)(out[name], "rt") as file:
            texts[name] = file.read()
    return texts


def renamed(text: str, names: dict[str, str], before: str = "^") -> str:
    """Text with chromosomes renamed at the beginning of lines."""
    return re.sub(f"{before}(chr\\w+)", lambda found: names[found[1]], text, flags=re.MULTILINE)


def chain(folder, texts: dict[str, str], names: str = "") -> dict:
    """Run the steps on files; what they find, without names of chromosomes."""
    paths = {name: str(folder / name) for name in texts}
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "names.tsv").write_text(names)
    (folder / "given.jaspar").write_text(MOTIF + "\n")
    made = {
        name: str(folder / name)
        for name in (
            "g.fa", "g.fa.fai", "sizes", "chromosomes.tsv", "tss.bed", "genes.bed", "black.bed",
            "f.tsv.gz", "f.tsv.gz.tbi", "census.tsv", "groups.tsv", "groups", "consensus.bed",
            "regions.h5ad", "activity.h5ad", "scores.h5ad", "motifs", "motifs.tsv", "qc.tsv",
            "profile.tsv", "limits.tsv", "pre.tsv", "labels.tsv", "given.jaspar", "names.tsv",
        )
    }  # fmt: skip
    make_reference(paths, made)
    cells = write_cells(made)
    measure_cells(made)
    find_regions(made)
    use_regions(made)
    table = pd.read_csv(made["qc.tsv"], sep="\t", index_col="cell")
    matrices = {name: ad.read_h5ad(made[f"{name}.h5ad"]) for name in MATRICES}
    return {
        "chromosomes": pd.read_csv(made["chromosomes.tsv"], sep="\t", dtype=str),
        "qc": table.loc[cells, ["n_fragment", "frac_mito", "tsse", "blacklist_fraction"]],
        "genes": list(matrices["activity"].var_names),
        **{name: found.X.toarray() for name, found in matrices.items()},
    }


def make_reference(paths: dict[str, str], made: dict[str, str]) -> None:
    """Make the reference, and fragments on it."""
    given = {"chromosome_names": made["names.tsv"]}
    on = given | {"chrom_sizes": made["sizes"]}
    reference.genome(fasta=paths["genome"], out=made["g.fa"], index=made["g.fa.fai"], **given)
    reference.chrom_sizes(source=made["g.fa.fai"], out=made["sizes"])
    reference.chromosomes(
        chrom_sizes=made["sizes"], genome=made["g.fa"], out=made["chromosomes.tsv"],
        pattern=None, mitochondrion=None,
    )  # fmt: skip
    reference.tss(source=paths["genes"], kind="gtf", out=made["tss.bed"], **on)
    reference.genes(source=paths["genes"], kind="gtf", out=made["genes.bed"], **on)
    reference.blacklist(source=paths["blacklist"], out=made["black.bed"], **on)
    ingest_fragments(
        source=paths["fragments_s1"], out=made["f.tsv.gz"], index=made["f.tsv.gz.tbi"],
        census=made["census.tsv"], **on,
    )  # fmt: skip


def measure_cells(made: dict[str, str]) -> None:
    """Quality of the cells: TSS enrichment, shares of mitochondrion and blacklist."""
    files = {"chromosomes": "chromosomes.tsv", "tss": "tss.bed", "blacklist": "black.bed"}
    out = {"table": "qc.tsv", "profile": "profile.tsv", "limits": "limits.tsv"}
    thresholds = {"min_log10_fragments": 0, "min_tsse": 0, "max_nucleosome_signal": 9}
    atac_qc(
        fragments=made["f.tsv.gz"],
        barcodes=made["pre.tsv"],
        reference={key: made[name] for key, name in files.items()},
        out={key: made[name] for key, name in out.items()},
        thresholds={"mode": "none"} | thresholds,
        doublets=False,
        seed=0,
    )


def find_regions(made: dict[str, str]) -> None:
    """Peaks, with the genome size of the reference; consensus regions; counts in them."""
    fragments = {"s1": made["f.tsv.gz"]}
    settings = {"qvalue": 0.05, "max_count": 1, "genome_size": None, "mode": "fragments"}
    call_peaks(
        labels=made["labels.tsv"], barcodes=made["pre.tsv"], fragments=fragments,
        chromosomes=made["chromosomes.tsv"], table=made["groups.tsv"], folder=made["groups"],
        caller="macs3", minima={"cells": 5, "fragments": 100}, threads=1,
        settings=settings | {"shift": None, "extsize": None},
    )  # fmt: skip
    consensus(
        groups=made["groups.tsv"], folder=made["groups"], chromosomes=made["chromosomes.tsv"],
        blacklist=made["black.bed"], bed=made["consensus.bed"], half_width=250, min_score=0,
    )  # fmt: skip
    count_regions(
        barcodes=made["pre.tsv"], fragments=fragments, bed=made["consensus.bed"],
        chromosomes=made["chromosomes.tsv"], out=made["regions.h5ad"],
        counting="paired-insertion", min_cells=1, max_cells=None, assembly="x",
    )  # fmt: skip


def use_regions(made: dict[str, str]) -> None:
    """Activity of genes and matches of a motif."""
    gene_activity(
        regions=made["regions.h5ad"], barcodes=made["pre.tsv"], genes=made["genes.bed"],
        out=made["activity.h5ad"], window=100_000, decay=5000,
    )  # fmt: skip
    motif_collection(
        collection=made["given.jaspar"], taxon="vertebrates", factors=None,
        motifs=made["motifs"], annotation=made["motifs.tsv"],
    )  # fmt: skip
    motif_scan(
        regions=made["consensus.bed"], genome=made["g.fa"], motifs=made["motifs"],
        annotation=made["motifs.tsv"], out=made["scores.h5ad"], pvalue=5e-4,
    )  # fmt: skip


def write_cells(made: dict[str, str]) -> list[str]:
    """Write a table of the forty barcodes with most fragments, and two labels."""
    census = pd.read_csv(made["census.tsv"], sep="\t").sort_values("n_fragments", kind="stable")
    names = census["barcode"].tail(40).sort_values()
    cells = "s1#" + names
    table = pd.DataFrame(
        {
            "barcode": names, "fragment_barcode": names, "in_rna": True, "in_atac": True,
            "sample": "s1", "batch": "s1", "keep": True, "reason": "",
        }
    ).set_axis(pd.Index(cells, name="cell"))  # fmt: skip
    table.to_csv(made["pre.tsv"], sep="\t")
    labels = pd.DataFrame({"label": ["A", "B"] * 20, "label_source": "x"}, index=table.index)
    labels.to_csv(made["labels.tsv"], sep="\t")
    return list(cells)


def same(found: dict, expected: dict) -> None:
    pd.testing.assert_frame_equal(found["qc"], expected["qc"])
    assert found["genes"] == expected["genes"]
    for name in MATRICES:
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.fixture(scope="module")
def usual(delivered, tmp_path_factory):
    return chain(tmp_path_factory.mktemp("usual"), delivered)


def test_the_usual_names_give_something_to_compare(usual):
    assert usual["qc"]["tsse"].median() > 2
    assert usual["qc"]["frac_mito"].max() > 0
    assert usual["regions"].shape[1] > 50
    assert len(usual["genes"]) > 20
    assert usual["scores"].sum() > 0


def test_names_without_chr_change_nothing(delivered, usual, tmp_path):
    texts = {name: renamed(text, PLAIN) for name, text in delivered.items() if name != "genome"}
    texts["genome"] = renamed(delivered["genome"], PLAIN, before="(?<=^>)")
    found = chain(tmp_path, texts)
    assert found["chromosomes"]["chrom"].to_list() == list(PLAIN.values())
    assert found["chromosomes"]["kind"].to_list() == ["standard"] * 3 + ["mitochondrion"]
    same(found, usual)


def test_a_refseq_genome_beside_ensembl_genes_and_ucsc_fragments_changes_nothing(
    delivered, usual, tmp_path
):
    titled = {name: " ".join(words) for name, words in REFSEQ.items()}
    texts = delivered | {
        "genome": renamed(delivered["genome"], titled, before="(?<=^>)"),
        "genes": renamed(delivered["genes"], PLAIN),
    }
    rows = [(old, REFSEQ[name][0]) for name, plain in PLAIN.items() for old in (name, plain)]
    found = chain(tmp_path, texts, names="".join(f"{old}\t{new}\n" for old, new in rows))
    assert found["chromosomes"]["chrom"].to_list() == [name for name, _ in REFSEQ.values()]
    assert found["chromosomes"]["kind"].to_list() == ["standard"] * 3 + ["mitochondrion"]
    same(found, usual)
