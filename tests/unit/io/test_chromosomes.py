"""Which chromosomes are standard and which is the mitochondrion, by name and by title."""

import logging

import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.chromosomes import describe, kinds_of, read_chromosomes

ASSEMBLIES = {
    "human": (["chr1", "chr22", "chrX", "chrY"], "chrM", ["chr1_KI270706v1_random", "chrEBV"]),
    "zebrafish": (["1", "25"], "MT", ["KN149874.1", "CHR_ALT_CTG1"]),
    "fruit fly": (["2L", "2R", "3L", "4", "X", "Y"], "mitochondrion_genome", ["211000022278279"]),
    "yeast": (["I", "IV", "XVI"], "Mito", []),
    "worm": (["chrI", "chrII", "chrX"], "chrM", []),
    "cat": (["A1", "B4", "X"], "MT", ["AANG04000001.1"]),
    "chimpanzee": (["chr1", "chr2A", "chr2B"], "chrM", ["chrUn_NW_1v1"]),
    "chicken": (["chr1", "chrW", "chrZ"], "chrM", ["chrUn_1"]),
    "cress": (["1", "5"], "Mt", ["Pt"]),
    "none": (["chr1", "chr2"], None, []),
}  # fmt: skip


def kinds(names, **settings):
    settings = {"pattern": None, "mitochondrion": None} | settings
    return kinds_of(pd.Series(1000, index=names), **settings)


@pytest.mark.parametrize("species", ASSEMBLIES)
def test_chromosomes_by_their_usual_names(species):
    standard, mitochondrion, others = ASSEMBLIES[species]
    found = kinds([*others, *standard, *([mitochondrion] if mitochondrion else [])])
    assert found.index[found == "standard"].tolist() == standard
    assert found.index[found == "mitochondrion"].tolist() == [mitochondrion] * bool(mitochondrion)
    assert found.index[found == "other"].tolist() == others


def test_refseq_and_genbank_go_by_the_titles_of_the_fasta():
    titles = {
        "NC_007112.7": "Danio rerio strain Tuebingen chromosome 1, GRCz11 Primary Assembly",
        "NC_002333.2": "Danio rerio mitochondrion, complete genome",
        "NW_1.1": "Danio rerio chromosome 1 unlocalized genomic scaffold, GRCz11",
        "OX395000.1": "Genus species genome assembly, chromosome: 4",
        "NC_000932.1": "Arabidopsis thaliana chloroplast, complete genome",
    }
    found = kinds(list(titles), titles=titles)
    assert found.tolist() == ["standard", "mitochondrion", "other", "standard", "other"]
    assert "2 standard chromosomes (NC_007112.7, OX395000.1), mitochondrion NC_002333.2" in (
        describe(found)
    )


def test_settings_go_before_names():
    found = kinds(["chr1", "chr2", "tig7"], pattern="^(chr1|tig)", mitochondrion="tig7")
    assert found.tolist() == ["standard", "other", "mitochondrion"]
    with pytest.raises(UserError, match="matches standard_chromosomes '\\^X'"):
        kinds(["chr1"], pattern="^X")
    with pytest.raises(UserError, match="has no sequence 'chrM'"):
        kinds(["chr1", "MT"], mitochondrion="chrM")
    with pytest.raises(UserError, match="chrM and MT are both called like a mitochondrion"):
        kinds(["1", "chrM", "MT"])


def test_without_chromosomes_every_sequence_is_standard_and_that_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        found = kinds(["scaffold_12", "scaffold_7", "MT"])
    assert found.tolist() == ["standard", "standard", "mitochondrion"]
    assert "all 2 are taken as standard" in caplog.text


def test_the_table_is_read_back(tmp_path):
    (tmp_path / "c.tsv").write_text(
        "chrom\tsize\tknown\tkind\n1\t90\t80\tstandard\nMT\t16\t16\tmitochondrion\n2\t70\t70\tother\n"
    )
    found = read_chromosomes(tmp_path / "c.tsv")
    assert found.sizes.to_dict() == {"1": 90, "MT": 16, "2": 70}
    assert found.standard_sizes.to_dict() == {"1": 90}
    assert (found.mitochondrion, found.genome_size) == ("MT", 80)
