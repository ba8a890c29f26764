"""The reference in one place and one form."""

import gzip

import pysam
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.chromosomes import read_chromosomes
from multiome2vec.steps.reference import (
    blacklist,
    chrom_sizes,
    chromosomes,
    genes,
    genome,
    promoters,
    tss,
)
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
        (b">chr1 a\nACGT\n>chr1 b\nACGT\n", 'has two sequences of one name .*"chr1"'),
    ],
    ids=["no FASTA", "cut short", "ragged", "one name twice"],
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


NCBI = (
    ">NC_007112.7 Danio rerio strain Tuebingen chromosome 1, GRCz11 Primary Assembly\n"
    "ACGTNNNNACGT\nacgtnn\n"
    ">NC_002333.2 Danio rerio mitochondrion, complete genome\nACGT\n"
    ">NW_018394318.1 Danio rerio chromosome 1 unlocalized genomic scaffold\nACGTAC\n"
)
NAMES = "NC_007112.7\tchr1\nNC_002333.2\tchrM\n1\tchr1\nMT\tchrM\nGL1\tchrX\n"


def made(folder, content: str, *, names: str = "", bgzip: bool = False, **settings):
    """Paths of genome, index and sizes; and the table of chromosomes."""
    folder.mkdir(exist_ok=True)
    source = folder / "g.fa.gz"
    if bgzip:
        with pysam.BGZFile(str(source), "w") as file:
            file.write(content.encode())
    else:
        source.write_text(content)
    table = folder / "names.tsv"
    table.write_text(names)
    files = {name: str(folder / name) for name in ("genome.fa", "genome.fa.fai", "chrom.sizes")}
    fasta, index, sizes = files.values()
    genome(fasta=str(source), out=fasta, index=index, chromosome_names=str(table))
    chrom_sizes(source=index, out=sizes)
    settings = {"pattern": None, "mitochondrion": None} | settings
    chromosomes(chrom_sizes=sizes, genome=fasta, out=str(folder / "c.tsv"), **settings)
    return sizes, str(table), read_chromosomes(folder / "c.tsv")


@pytest.mark.parametrize("bgzip", [False, True])
def test_chromosomes_of_a_refseq_genome_by_the_titles_of_its_fasta(tmp_path, bgzip):
    _, _, found = made(tmp_path / "z", NCBI, bgzip=bgzip)
    assert list(found.sizes.items()) == [
        ("NC_007112.7", 18), ("NC_002333.2", 4), ("NW_018394318.1", 6),
    ]  # fmt: skip
    assert list(found.standard) == ["NC_007112.7"]
    assert found.mitochondrion == "NC_002333.2"
    assert found.genome_size == 12  # neither N nor n


def test_all_files_of_a_species_get_the_names_of_the_table(tmp_path):
    sizes, names, found = made(tmp_path / "z", NCBI, names=NAMES)
    assert list(found.sizes.index) == ["chr1", "chrM", "NW_018394318.1"]
    assert (list(found.standard), found.mitochondrion) == (["chr1"], "chrM")
    given = {"chrom_sizes": sizes, "chromosome_names": names, "out": str(tmp_path / "o")}
    rows = "1\tx\tgene\t3\t9\t.\t-\t.\tID=gene:A\nNC_002333.2\tx\tgene\t1\t4\t.\t+\t.\tID=gene-B\n"
    (tmp_path / "g.gff3").write_text(rows)
    tss(source=str(tmp_path / "g.gff3"), kind="gtf", **given)
    assert (tmp_path / "o").read_text() == "chr1\t8\t9\tA\tA\t-\nchrM\t0\t1\tB\tB\t+\n"
    genes(source=str(tmp_path / "g.gff3"), kind="gtf", **given)
    assert (tmp_path / "o").read_text() == "chr1\t2\t9\tA\tA\t-\nchrM\t0\t4\tB\tB\t+\n"
    (tmp_path / "b.bed").write_text("1\t1\t5\nUn\t1\t5\n")
    blacklist(source=str(tmp_path / "b.bed"), **given)
    assert (tmp_path / "o").read_text() == "chr1\t1\t5\n"


def test_names_are_found_across_blocks_and_only_in_headers(tmp_path, monkeypatch):
    monkeypatch.setattr("multiome2vec.steps.reference.BLOCK", 7)
    made(tmp_path / "z", ">a 1 >a\nACGT\n>bb\nAC\n", names="a\tx\n1\ty\nbb\tz\n")
    assert (tmp_path / "z/genome.fa").read_text() == ">x 1 >a\nACGT\n>z\nAC\n"


def test_two_sequences_may_not_get_one_name(tmp_path):
    with pytest.raises(UserError, match="or chromosome_names gives two the same"):
        made(tmp_path / "z", ">a\nACGT\n>b\nAC\n", names="a\tb\n")
    (tmp_path / "sizes").write_text("a\t9\nb\t8\n")
    (tmp_path / "names").write_text("a\tb\n")
    given = {"source": str(tmp_path / "sizes"), "out": str(tmp_path / "o")}
    with pytest.raises(UserError, match="b occurs twice"):
        chrom_sizes(chromosome_names=str(tmp_path / "names"), **given)


def test_without_a_sequence_lengths_stand_for_known_bases(tmp_path, sizes):
    settings = {"pattern": "^chr2$", "mitochondrion": None}
    chromosomes(chrom_sizes=sizes, genome=None, out=str(tmp_path / "c.tsv"), **settings)
    assert read_chromosomes(tmp_path / "c.tsv").genome_size == 4


def test_annotation_of_another_build_is_refused(tmp_path, sizes):
    (tmp_path / "g.gtf").write_text(
        'chr1\tx\tgene\t1\t9\t.\t+\t.\tgene_id "A";\nchr2\tx\tgene\t5\t9\t.\t+\t.\tgene_id "B";\n'
    )
    with pytest.raises(UserError, match=r"chr2:4-9 lies beyond the chromosome's 4 bp"):
        genes(
            source=str(tmp_path / "g.gtf"), kind="gtf", chrom_sizes=sizes, out=str(tmp_path / "o")
        )


def test_a_chromosome_under_another_name_is_not_lost_in_silence(tmp_path):
    (tmp_path / "sizes").write_text("chr1\t900\nchrM\t900\n")
    (tmp_path / "b.bed").write_text("chr1\t1\t5\nMT\t1\t5\n")
    with pytest.raises(UserError, match="its chromosome MT is chrM in the assembly"):
        blacklist(
            source=str(tmp_path / "b.bed"),
            chrom_sizes=str(tmp_path / "sizes"),
            out=str(tmp_path / "o"),
        )


def test_promoters_are_500_bp_around_start_sites_within_the_chromosome(tmp_path):
    (tmp_path / "sizes").write_text("chr1\t5000\n")
    rows = [("chr1", 100, "NA"), ("chr1", 2000, "B"), ("chr1", 4900, "C")]
    sites = "".join(f"{c}\t{at}\t{at + 1}\t{name}\tE{name}\t-\n" for c, at, name in rows)
    (tmp_path / "tss.bed").write_text(sites)
    promoters(
        tss=str(tmp_path / "tss.bed"), chrom_sizes=str(tmp_path / "sizes"), out=str(tmp_path / "p")
    )
    assert (tmp_path / "p").read_text().splitlines() == [
        "chr1\t0\t601\tNA\tENA\t-",
        "chr1\t1500\t2501\tB\tEB\t-",
        "chr1\t4400\t5000\tC\tEC\t-",
    ]
