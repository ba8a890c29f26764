import gzip

import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.motifs.annotation import annotate, read_motif_table

HEADER = (
    "#motif_id\tmotif_name\tgene_name\tmotif_similarity_qvalue\torthologous_identity\tdescription\n"
)
ORTHOLOGOUS = (
    'gene is orthologous to "Spi1" in M. musculus (identity = 90%) which is directly annotated'
)
TBL = HEADER + "".join(
    f"{motif}\tname\t{gene}\t0\t1\t{description}\n"
    for motif, gene, description in [
        ("m2", "SPI1", "gene is directly annotated"),
        ("m2", "ETS1", "gene is directly annotated for motif"),
        ("m2", "NA", ORTHOLOGOUS),
        ("m2", "ERG", "gene is annotated for similar motif x ('X'; q-value = 1e-05)"),
        ("m2", "FLI1", f"{ORTHOLOGOUS.rpartition(' ')[0]} for similar motif x ('X'; q-value = 1)"),
        ("m1", "SPIB", ORTHOLOGOUS),
        ("m2", "SPI1", "gene is directly annotated"),
    ]
)


@pytest.fixture
def motifs():
    columns = {"name": ["A::B", "SPI1", "C"], "tfs": ["A,B", "SPI1", "C"], "family": ""}
    return pd.DataFrame(columns, index=["m1", "m2", "m3"])


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "table.tsv"
        path.write_text(text)
        return path

    return write


def test_tbl_keeps_direct_and_orthologous_rows_once(write):
    assert read_motif_table(write(TBL)).to_numpy().tolist() == [
        ["m1", "SPIB", "orthology"],
        ["m2", "ETS1", "direct"],
        ["m2", "NA", "orthology"],
        ["m2", "SPI1", "direct"],
    ]


def test_plain_table_is_direct_unless_it_says_otherwise(write):
    plain = read_motif_table(write("tf\tother\tmotif\nSPI1\tx\tm1 \nSPI1\ty\tm1\n"))
    assert plain.to_numpy().tolist() == [["m1", "SPI1", "direct"]]
    stated = read_motif_table(write("motif\ttf\tannotation\nm1\tSPI1\torthology\nm1\tE\tdirect\n"))
    assert stated["annotation"].tolist() == ["direct", "orthology"]


def test_packed_table(tmp_path, write):
    (tmp_path / "table.tbl.gz").write_bytes(gzip.compress(TBL.encode()))
    packed = read_motif_table(tmp_path / "table.tbl.gz")
    pd.testing.assert_frame_equal(packed, read_motif_table(write(TBL)))


def test_factors_by_evidence(motifs, write):
    annotated = annotate(motifs, read_motif_table(write(TBL)))
    assert annotated["tfs"].tolist() == ["", "ETS1,SPI1", ""]
    assert annotated["tfs_orthology"].tolist() == ["SPIB", "NA", ""]
    assert motifs["tfs"].tolist() == ["A,B", "SPI1", "C"]  # not changed in place
    pd.testing.assert_frame_equal(annotated[["name", "family"]], motifs[["name", "family"]])


def test_only_one_kind_of_evidence(motifs, write):
    direct = annotate(motifs, read_motif_table(write("motif\ttf\nm1\tX\n")))
    assert direct[["tfs", "tfs_orthology"]].to_numpy().tolist() == [["X", ""], ["", ""], ["", ""]]


def test_without_annotation_the_title_counts(motifs):
    annotated = annotate(motifs, None)
    assert annotated["tfs"].tolist() == motifs["tfs"].tolist()
    assert annotated["tfs_orthology"].tolist() == ["", "", ""]


def test_annotation_of_other_motifs(motifs, write):
    other = read_motif_table(write("motif\ttf\nMA0001\tX\n"))
    with pytest.raises(UserError, match="ids such as MA0001, the collection such as m1"):
        annotate(motifs, other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no table"),
        ("motif,tf\nm1,X\n", "no column motif, tf"),
        (TBL.replace("gene_name", "gene"), "no column gene_name"),
        ("motif\ttf\n", "annotates no motif"),
        (HEADER + "m1\tm\tX\t0\t1\tnothing\n", "annotates no motif"),
        ("motif\ttf\nm1\tX\nm2\t \n", "row 2 has no tf"),
        ("motif\ttf\nm1\n", "row 1 has no tf"),
        ("motif\ttf\nm1\tX\n\tX\n", "row 2 has no motif"),
        ("motif\ttf\nm1\tX\nm1\tX\tY\n", "line 3"),
        ("motif\ttf\nm1\tX\tY\n", "more columns than the header"),
        ("motif\ttf\tannotation\nm1\tX\tguess\n", "row 1 has the annotation 'guess'"),
    ],
)
def test_damaged_tables(write, text, message):
    with pytest.raises(UserError, match=message):
        read_motif_table(write(text))


def test_files_that_are_no_table(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_motif_table(tmp_path / "absent.tsv")
    (tmp_path / "table.tsv").write_bytes(b"motif\ttf\n\xff\xfe\tX\n")
    with pytest.raises(UserError, match="is no table"):
        read_motif_table(tmp_path / "table.tsv")
    (tmp_path / "table.tsv.gz").write_bytes(gzip.compress(TBL.encode())[:40])
    with pytest.raises(UserError, match="is no table"):
        read_motif_table(tmp_path / "table.tsv.gz")
