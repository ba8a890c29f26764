import gzip

import pytest
from multiome2vec.errors import UserError
from multiome2vec.preflight import reference
from multiome2vec.preflight.builds import build_named_in, build_of_sizes
from multiome2vec.preflight.findings import Findings
from multiome2vec.preflight.reference import check_reference, read_lengths

FASTA = ">chr1 the first\nACGT\nAC\n>chr2\r\nGG\r\nG\r\n>chrM mitochondrion\n\nACG"
KEYS = ("fasta", "gtf", "tss", "chrom_sizes", "blacklist", "chromosome_names", "mitochondrion")
ASSEMBLY = dict.fromkeys((*KEYS, "standard_chromosomes"))


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 11, 1 << 20])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_lengths_of_sequences_whatever_the_chunks(tmp_path, monkeypatch, compress, chunk):
    monkeypatch.setattr(reference, "CHUNK", chunk)
    (tmp_path / "g.fa").write_bytes(compress(FASTA.encode()))
    sizes, titles = read_lengths(tmp_path / "g.fa")
    assert sizes == {"chr1": 6, "chr2": 3, "chrM": 3}
    assert titles == {"chr1": "the first", "chr2": "", "chrM": "mitochondrion"}


def test_what_is_no_fasta(tmp_path):
    for content, message in ((b"ACGT\n>chr1\n", "does not begin with '>'"), (b"\n", "no chrom")):
        (tmp_path / "g.fa").write_bytes(content)
        with pytest.raises(UserError, match=message):
            read_lengths(tmp_path / "g.fa")
    (tmp_path / "g.fa").write_bytes(gzip.compress(FASTA.encode() * 99)[:-9])
    with pytest.raises(UserError, match="cut short"):
        read_lengths(tmp_path / "g.fa")


def test_an_index_of_an_earlier_run_saves_reading_the_sequence(tmp_path):
    (tmp_path / "g.fa").write_text(FASTA)
    (tmp_path / "g.fai").write_text("chr1\t248956422\t6\t60\t61\n")
    given = ASSEMBLY | {"fasta": str(tmp_path / "g.fa")}
    found = check_reference(given, Findings(), index=str(tmp_path / "g.fai"))
    assert found.sizes == {"chr1": 248956422}
    assert found.build == "hg38"
    assert check_reference(given, Findings(), index=str(tmp_path / "none")).sizes["chr1"] == 6


def test_chromosomes_are_translated_before_they_are_compared(tmp_path):
    (tmp_path / "sizes").write_text("1\t1000\n")
    (tmp_path / "names").write_text("chr1\t1\n")
    (tmp_path / "tss.bed").write_text("chr1\t10\t11\tA\n")
    given = ASSEMBLY | {name: str(tmp_path / name) for name in ("names",)}
    given |= {"chrom_sizes": str(tmp_path / "sizes"), "tss": str(tmp_path / "tss.bed")}
    findings = Findings()
    check_reference(given, findings)
    assert "none of its chromosomes (chr1" in findings.table()["problem"][0]
    findings = Findings()
    found = check_reference(given | {"chromosome_names": str(tmp_path / "names")}, findings)
    assert set(findings.table()["severity"]) == {"ok"}
    assert found.sites.to_numpy().tolist() == [["1", 10]]


def test_start_sites_are_those_of_genes_on_their_strand(tmp_path):
    (tmp_path / "sizes").write_text("chr1\t1000\n")
    row = 'chr1\tx\t{}\t{}\t{}\t.\t{}\t.\tgene_id "A";\n'
    rows = [("gene", 11, 90, "+"), ("exon", 11, 20, "+"), ("gene", 101, 200, "-")]
    (tmp_path / "g.gtf").write_text("#!x\n" + "".join(row.format(*values) for values in rows))
    given = {"chrom_sizes": str(tmp_path / "sizes"), "gtf": str(tmp_path / "g.gtf")}
    found = check_reference(ASSEMBLY | given, Findings())
    assert found.sites["site"].tolist() == [10, 199]


def test_builds_by_lengths_and_by_names():
    assert build_of_sizes({"chr1": 195_471_971, "chrX": 5}) == "mm10"
    assert build_of_sizes({"22": 51_304_566}) == "hg19"
    assert build_of_sizes({"chr1": 12}) == ""
    assert (
        build_named_in("# reference_path=/opt/refdata-cellranger-arc-GRCh38-2020-A-2.0.0") == "hg38"
    )
    assert build_named_in("refdata-cellranger-arc-mm10-2020-A") == "mm10"
    assert build_named_in("GRCh38_and_mm10") == ""
    assert build_named_in("my genome") == ""
