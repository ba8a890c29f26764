"""The reference in one place and one form."""

import gzip

import pytest
from multiome2vec.errors import UserError
from multiome2vec.steps.reference import blacklist, chrom_sizes, genes, genome, tss
from pyfaidx import Fasta

SEQUENCE = ">chr1 first\nACGTACGTAC\nGTNN\n>chr2\nTTTT\n"


@pytest.fixture
def sizes(tmp_path):
    (tmp_path / "sizes").write_text("chr1\t14\nchr2\t4\n")
    return str(tmp_path / "sizes")


def test_genome_and_sizes_of_a_compressed_fasta(tmp_path):
    (tmp_path / "g.fa.gz").write_bytes(gzip.compress(SEQUENCE.encode()))
    fasta, index = tmp_path / "genome.fa", tmp_path / "genome.fa.fai"
    genome(fasta=str(tmp_path / "g.fa.gz"), out=str(fasta), index=str(index))
    assert fasta.read_text() == SEQUENCE
    assert index.read_text().splitlines() == ["chr1\t14\t12\t10\t11", "chr2\t4\t34\t4\t5"]
    assert str(Fasta(str(fasta))["chr1"][8:12]) == "ACGT"
    chrom_sizes(source=str(index), out=str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "chr1\t14\nchr2\t4\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"chr1\t5\n", "does not begin with '>'"),
        (gzip.compress(SEQUENCE.encode() * 99)[:-20], "is cut short"),
        (b">chr1\nACGT\nAC\nACGT\n", "cannot be indexed"),
    ],
)
def test_no_genome_of_a_bad_fasta(tmp_path, content, message):
    (tmp_path / "bad.fa").write_bytes(content)
    with pytest.raises(UserError, match=message):
        genome(fasta=str(tmp_path / "bad.fa"), out=str(tmp_path / "o"), index=str(tmp_path / "i"))
    assert {path.name for path in tmp_path.iterdir()} == {"bad.fa"}


def test_chrom_sizes_are_whole_numbers(tmp_path):
    (tmp_path / "bad").write_text("chr1\t14.5\n")
    with pytest.raises(UserError, match="two columns, chromosome and length"):
        chrom_sizes(source=str(tmp_path / "bad"), out=str(tmp_path / "out"))


def test_start_sites_of_a_gtf_lie_by_strand_on_known_chromosomes(tmp_path, sizes):
    rows = [("chr2", 2, 4, "+", "B"), ("chr1", 3, 9, "-", "A"), ("chrUn", 1, 2, "+", "C")]
    (tmp_path / "g.gtf").write_text(
        "".join(
            f'{chrom}\tx\tgene\t{start}\t{end}\t.\t{strand}\t.\tgene_id "E{name}"; '
            f'gene_name "{name}"; gene_type "protein_coding"; transcript_id "T{name}";\n'
            for chrom, start, end, strand, name in rows
        )
    )
    tss(source=str(tmp_path / "g.gtf"), kind="gtf", chrom_sizes=sizes, out=str(tmp_path / "o"))
    found = [line.split("\t") for line in (tmp_path / "o").read_text().splitlines()]
    assert [row[:3] for row in found] == [["chr1", "8", "9"], ["chr2", "1", "2"]]


def test_blacklist_of_another_naming(tmp_path, sizes):
    (tmp_path / "b.bed").write_text("chr2\t1\t2\nchr1\t5\t9\nchr1\t0\t2\n")
    blacklist(source=str(tmp_path / "b.bed"), chrom_sizes=sizes, out=str(tmp_path / "o"))
    assert [line.split("\t")[:3] for line in (tmp_path / "o").read_text().splitlines()] == [
        ["chr1", "0", "2"],
        ["chr1", "5", "9"],
        ["chr2", "1", "2"],
    ]
    (tmp_path / "b.bed").write_text("1\t1\t2\n")
    with pytest.raises(UserError, match=r"none of its chromosomes \(1, ...\) is in the assembly"):
        blacklist(source=str(tmp_path / "b.bed"), chrom_sizes=sizes, out=str(tmp_path / "p"))


def test_genes_of_a_gtf_are_bodies(tmp_path, sizes):
    rows = [("chr2", 2, 4, "+", "B"), ("chr1", 3, 9, "-", "A"), ("chrUn", 1, 2, "+", "C")]
    (tmp_path / "g.gtf").write_text(
        "".join(
            f'{chrom}\tx\tgene\t{start}\t{end}\t.\t{strand}\t.\tgene_id "E{name}"; '
            f'gene_name "{name}";\n'
            for chrom, start, end, strand, name in rows
        )
    )
    genes(source=str(tmp_path / "g.gtf"), kind="gtf", chrom_sizes=sizes, out=str(tmp_path / "o"))
    assert (tmp_path / "o").read_text() == "chr1\t2\t9\tA\tEA\t-\nchr2\t1\t4\tB\tEB\t+\n"


def test_genes_of_start_sites_are_merged_by_name_where_they_are_near(tmp_path):
    (tmp_path / "sizes").write_text("chr1\t1000000\n")
    (tmp_path / "t.bed").write_text(
        "chr1\t900\t901\tA\tlncRNA\t+\nchr1\t500\t501\tA\tlncRNA\t+\n"
        "chr1\t500900\t500901\tA\tlncRNA\t+\nchr1\t700\t701\tA\tlncRNA\t-\n"
        "chr1\t800\t801\tB\tlncRNA\t+\nchr1\t800\t801\n"
    )
    given = {"kind": "bed", "chrom_sizes": str(tmp_path / "sizes"), "out": str(tmp_path / "o")}
    genes(source=str(tmp_path / "t.bed"), **given)
    assert (tmp_path / "o").read_text().splitlines() == [
        "chr1\t500\t901\tA\tA\t+",
        "chr1\t700\t701\tA\tA\t-",
        "chr1\t800\t801\tB\tB\t+",
        "chr1\t500900\t500901\tA\tA\t+",
    ]
    (tmp_path / "t.bed").write_text("chr1\t800\t801\n")
    with pytest.raises(UserError, match="names no gene in its fourth column"):
        genes(source=str(tmp_path / "t.bed"), **given)
