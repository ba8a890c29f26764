"""Names of chromosomes that differ between files."""

import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.chromosome_names import (
    propose,
    read_chromosome_names,
    require_known,
    translate,
)

UCSC = ["chr1", "chr2", "chrX", "chrM", "chr1_KI270706v1_random"]
ENSEMBL = ["1", "2", "X", "MT", "KI270706.1"]
REFSEQ = ["NC_000001.11", "NC_000002.12", "NC_000023.11", "NC_012920.1", "NT_187361.1"]


def test_a_table_of_names(tmp_path):
    path = tmp_path / "names.tsv"
    path.write_text("# alias\tname\n1\tchr1\n\nMT\tchrM\tucsc\n1\tchr1\n")
    names = read_chromosome_names(path)
    assert names == {"1": "chr1", "MT": "chrM"}
    assert read_chromosome_names(None) == {}
    assert translate(pd.Series(["1", "GL1"]), names).tolist() == ["chr1", "GL1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 chr1\n", "line 1: '1 chr1' is not two names separated by a tab"),
        ("1\tchr1\n1\tchr2\n", "line 2: '1' becomes 'chr2', but 'chr1' above"),
    ],
)
def test_faults_of_a_table_are_named(tmp_path, text, message):
    (tmp_path / "names.tsv").write_text(text)
    with pytest.raises(UserError, match=message):
        read_chromosome_names(tmp_path / "names.tsv")
    with pytest.raises(UserError, match=r"Correct assemblies.<name>.chromosome_names"):
        read_chromosome_names(tmp_path / "absent.tsv")


@pytest.mark.parametrize(("theirs", "ours"), [(UCSC, ENSEMBL), (ENSEMBL, UCSC)])
def test_ensembl_and_ucsc_names_are_translated(theirs, ours):
    assert propose(theirs, ours) == dict(zip(theirs, ours, strict=True))


def test_refseq_names_of_human_and_mouse_are_known():
    assert propose(REFSEQ, UCSC) == dict(zip(REFSEQ[:4], UCSC[:4], strict=True))
    assert propose(UCSC, REFSEQ) == dict(zip(UCSC[:4], REFSEQ[:4], strict=True))
    assert propose(["NC_000067.7", "NC_000086.8"], ["1", "X"]) == {
        "NC_000067.7": "1",
        "NC_000086.8": "X",
    }


def test_refseq_names_of_other_species_go_by_the_titles_of_the_fasta():
    titles = {
        "NC_007112.7": "Danio rerio strain Tuebingen chromosome 1, GRCz11 Primary Assembly",
        "NC_002333.2": "Danio rerio mitochondrion, complete genome",
        "NW_018394318.1": "Danio rerio chromosome 1 unlocalized genomic scaffold",
    }
    assert propose(["1", "MT", "2"], titles) == {"MT": "NC_002333.2"}
    found = propose(["1", "chrM", "2"], titles, titles=titles)
    assert found == {"1": "NC_007112.7", "chrM": "NC_002333.2"}


def test_an_ambiguous_name_is_not_translated():
    assert propose(["chr1"], ["1", "CHR1"]) == {}


def test_names_that_the_assembly_lacks_are_told():
    assert require_known(["chr1", "chrUn_GL1", "GL000194.1"], UCSC, path="f") == [
        "chrUn_GL1",
        "GL000194.1",
    ]


def test_scaffolds_under_another_name_alone_are_no_reason_to_refuse():
    """10x references have Ensembl's names of scaffolds beside UCSC's of chromosomes."""
    assert require_known(["chr1", "chrM", "KI270706.1"], UCSC, path="f") == ["KI270706.1"]


@pytest.mark.parametrize(
    ("theirs", "ours", "parts"),
    [
        (ENSEMBL, UCSC, ["none of its chromosomes (1, 2, X, ...)", "'1<tab>chr1', '2<tab>chr2'"]),
        (["chr1", "chr2", "chrM"], ["chr1", "chr2", "chrMT"], ["chromosome chrM is chrMT"]),
        (["NC_007112.7"], ["1"], ["'1<tab>NC_000001.11'", "chromosome-names --help"]),
        (["I", "II"], ["chr1"], ["Use the assembly that the reads were aligned to"]),
    ],
)
def test_another_spelling_is_refused_with_the_remedy(theirs, ours, parts):
    with pytest.raises(UserError) as caught:
        require_known(theirs, ours, path="f.gtf")
    for part in ("f.gtf: ", *parts):
        assert part in str(caught.value)
