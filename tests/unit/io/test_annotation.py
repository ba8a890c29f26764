"""Genes and start sites of every flavour of GTF and GFF3."""

import gzip

import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.annotation import merge_loci, read_genes, read_tss

A, PART, B = (101, 500, "+"), (101, 400, "+"), (1001, 1500, "-")
#: each flavour of two genes, A and B
FLAVOURS = {
    "ensembl_gtf": [
        "#!genome-build GRCz11",
        ("1", "gene", A, 'gene_id "ENSDARG01"; gene_version "3"; gene_name "A";'),
        ("1", "transcript", PART, 'gene_id "ENSDARG01"; transcript_id "ENSDART1"; gene_name "A";'),
        ("1", "gene", B, 'gene_id "ENSDARG02"; gene_version "1"; gene_source "ensembl";'),
    ],
    "ensembl_gff3": [
        "##gff-version 3",
        ("1", "chromosome", (1, 2000, "."), "ID=chromosome:1;Alias=CM002885.2,NC_007112.7"),
        ("1", "gene", A, "ID=gene:ENSDARG01;Name=A;gene_id=ENSDARG01;version=3"),
        ("1", "mRNA", PART, "ID=transcript:ENSDART1;Parent=gene:ENSDARG01;Name=A-201"),
        ("1", "ncRNA_gene", B, "ID=gene:ENSDARG02;biotype=lncRNA;gene_id=ENSDARG02;version=1"),
        "###",
    ],
    "gencode_gtf": [
        "##description: evidence-based annotation",
        ("chr1", "gene", A, 'gene_id "ENSG01.5"; gene_name "A"; level 2; tag "a"; tag "b";'),
        ("chr1", "gene", B, 'gene_id "ENSG02.12_1"; gene_type "lncRNA"; level 2;'),
    ],
    "refseq_gtf": [
        "#gtf-version 2.2",
        (
            "NC_1.1",
            "gene",
            A,
            'gene_id "A"; transcript_id ""; note "semi; colon"; gene "A";',
        ),
        ("NC_1.1", "gene", B, 'gene_id "LOC2"; transcript_id ""; db_xref "GeneID:2"; gene "LOC2";'),
    ],
    "refseq_gff3": [
        "##gff-version 3",
        ("NC_1.1", "region", (1, 2000, "+"), "ID=NC_1.1:1..2000;Dbxref=taxon:9606;chromosome=1"),
        ("NC_1.1", "gene", A, "ID=gene-A;Dbxref=GeneID:1;Name=A;description=a%2Cb;gene=A"),
        ("NC_1.1", "mRNA", PART, "ID=rna-NM_1.1;Parent=gene-A;gene=A"),
        ("NC_1.1", "pseudogene", B, "ID=gene-LOC2;gbkey=Gene;gene=LOC2;pseudo=true"),
    ],
    "ucsc_refgene_gtf": [
        ("chr1", "transcript", PART, 'gene_id "A"; transcript_id "NM_1";  gene_name "A";'),
        ("chr1", "exon", (101, 200, "+"), 'gene_id "A"; transcript_id "NM_1"; gene_name "A";'),
        ("chr1", "transcript", (151, 500, "+"), 'gene_id "A"; transcript_id "NM_2";'),
        ("chr1", "transcript", B, 'gene_id "B"; transcript_id "NR_3";'),
    ],
    "ucsc_exons_gtf": [
        ("chr1", "exon", (101, 200, "+"), 'gene_id "A"; transcript_id "NM_1";'),
        ("chr1", "CDS", (151, 200, "+"), 'gene_id "A"; transcript_id "NM_1";'),
        ("chr1", "exon", (301, 500, "+"), 'gene_id "A"; transcript_id "NM_1";'),
        ("chr1", "exon", B, 'gene_id "B"; transcript_id "NR_3";'),
    ],
    "unquoted_gtf": [
        ("1", "gene", A, "gene_id A; gene_name A"),
        ("1", "gene", B, "gene_id B"),
    ],
}


def text(rows) -> str:
    """Lines of an annotation; comments as they are."""
    return "".join(f"{row if isinstance(row, str) else line(*row)}\n" for row in rows)


def line(chrom, kind, place, attributes) -> str:
    start, end, strand = place
    return "\t".join([chrom, "x", kind, str(start), str(end), ".", strand, ".", attributes])


NAMES = {
    "ensembl_gtf": [("A", "ENSDARG01"), ("ENSDARG02", "ENSDARG02")],
    "ensembl_gff3": [("A", "ENSDARG01"), ("ENSDARG02", "ENSDARG02")],
    "gencode_gtf": [("A", "ENSG01.5"), ("ENSG02.12_1", "ENSG02.12_1")],
    "refseq_gtf": [("A", "A"), ("LOC2", "LOC2")],
    "refseq_gff3": [("A", "A"), ("LOC2", "LOC2")],
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("compressed", [False, True])
def test_genes_of_every_flavour(tmp_path, flavour, compressed):
    path = tmp_path / "genes"
    content = text(FLAVOURS[flavour]).encode()
    path.write_bytes(gzip.compress(content) if compressed else content)
    table = read_genes(path)
    places = table[["start", "end", "strand"]].to_numpy().tolist()
    assert places == [[100, 500, "+"], [1000, 1500, "-"]]
    named = list(zip(table["gene_name"], table["gene_id"], strict=True))
    assert named == NAMES.get(flavour, [("A", "A"), ("B", "B")])
    assert read_tss(path)["start"].tolist() == [100, 1499]


def test_a_gene_without_a_strand_is_on_the_plus_strand(tmp_path):
    (tmp_path / "g.gff3").write_text("NC_1.1\tx\tgene\t11\t20\t.\t?\t.\tID=gene-rps12\n")
    assert read_tss(tmp_path / "g.gff3").loc[0, ["start", "strand"]].tolist() == [10, "+"]


def test_sequences_at_the_end_of_gff3_are_no_rows(tmp_path):
    (tmp_path / "g.gff3").write_text("1\tx\tgene\t1\t9\t.\t+\t.\tID=a\n##FASTA\n>1\nACGT\n")
    assert len(read_genes(tmp_path / "g.gff3")) == 1


def test_transcripts_of_one_name_far_apart_are_two_genes(tmp_path):
    row = 'chrX\tx\ttranscript\t{}\t{}\t.\t{}\t.\tgene_id "A"; transcript_id "T{}";\n'
    places = [(101, 900, "+", 1), (801, 1200, "+", 2), (400_000, 400_100, "+", 3), (1, 90, "-", 4)]
    (tmp_path / "g.gtf").write_text("".join(row.format(*place) for place in places))
    found = read_genes(tmp_path / "g.gtf")[["start", "end", "strand"]].to_numpy().tolist()
    assert found == [[100, 1200, "+"], [399_999, 400_100, "+"], [0, 90, "-"]]


def test_a_long_row_within_does_not_split_a_locus(tmp_path):
    """The gap is measured from the furthest end so far, not from the row before."""
    row = 'chrX\tx\ttranscript\t{}\t{}\t.\t+\t.\tgene_id "A"; transcript_id "T{}";\n'
    places = [(1, 500_000, 1), (10, 20, 2), (450_000, 450_100, 3)]
    (tmp_path / "g.gtf").write_text("".join(row.format(*place) for place in places))
    table = read_genes(tmp_path / "g.gtf")
    assert table[["start", "end"]].to_numpy().tolist() == [[0, 500_000]]
    assert len(merge_loci(table, by="gene_id")) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("chr1\t100\t200\n", "line 1: .* has 3 columns separated by tabs; GTF and GFF3 have nine"),
        ("1\tx\tgene\t9\t4\t.\t+\t.\tID=a\n", "line 1: start '9' and end '4' are not whole"),
        ("1\tx\tgene\tx\t4\t.\t+\t.\tID=a\n", "line 1: start 'x'"),
        ("#\n1\tx\tgene\t1\t4\t.\t+\t.\tnote=a\n", "line 2: the gene has no gene_id"),
        (
            "1\tx\tregion\t1\t4\t.\t+\t.\tID=a\n",
            "no rows of feature 'gene', 'transcript' or 'exon'",
        ),
    ],
)
def test_what_is_no_annotation_is_refused(tmp_path, content, message):
    (tmp_path / "g.gtf").write_text(content)
    with pytest.raises(UserError, match=message):
        read_genes(tmp_path / "g.gtf")


def test_a_file_cut_short_is_refused(tmp_path):
    whole = gzip.compress(text(FLAVOURS["ensembl_gtf"]).encode() * 999)
    (tmp_path / "g.gtf.gz").write_bytes(whole[:-30])
    with pytest.raises(UserError, match="is cut short or no text"):
        read_genes(tmp_path / "g.gtf.gz")
