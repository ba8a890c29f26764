"""`chromosome-names`: the table that translates what other files call the chromosomes."""

import gzip

import pytest
from multiome2vec.cli import main

FASTA = """>NC_007112.7 Danio rerio chromosome 1, GRCz11 Primary Assembly
ACGT
>NC_002333.2 Danio rerio mitochondrion, complete genome
ACGT
>NW_018394318.1 Danio rerio chromosome 1 unlocalized genomic scaffold
ACGT
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "g.fa.gz").write_bytes(gzip.compress(FASTA.encode()))
    (tmp_path / "f.tsv").write_text("# id=x\nchr1\t1\t9\tA-1\t1\nchrM\t1\t9\tA-1\t1\n")
    (tmp_path / "g.gtf").write_text("#!x\n1\tx\tgene\nKN1\tx\tgene\nNC_002333.2\tx\tgene\n")
    return tmp_path


def run(files, *names, out="t.tsv", options=()):
    paths = [str(files / name) for name in ("g.fa.gz", *names)]
    return main(["chromosome-names", *paths, "--out", str(files / out), *options])


def test_names_of_all_files_are_in_one_table(files, capsys):
    assert run(files, "f.tsv", "g.gtf") == 0
    out = capsys.readouterr().out
    assert "f.tsv: 2 names, 0 as in the FASTA, 2 translated, 0 not" in out
    assert "g.gtf: 3 names, 1 as in the FASTA, 1 translated, 1 not (KN1, ...)" in out
    expected = "chr1\tNC_007112.7\nchrM\tNC_002333.2\n1\tNC_007112.7\n"
    assert (files / "t.tsv").read_text() == expected
    assert run(files, "f.tsv") == 2
    assert "Already there" in capsys.readouterr().err
    assert run(files, "f.tsv", options=["--force"]) == 0


def test_without_a_translation_no_table_is_written(files, capsys):
    (files / "x.bed").write_text("I\t1\t5\n")
    assert run(files, "x.bed") == 2
    assert "No name could be translated" in capsys.readouterr().err
    assert not (files / "t.tsv").exists()
