import gzip

import pysam
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.fragments import blocks, check_chromosomes, is_bgzf, scan
from multiome2vec.steps.ingest_fragments import ingest_fragments

ROWS = [
    "# id=sample",
    "chr1\t10\t200\tAAA-1\t1",
    "chr1\t10\t300\tCCC-1\t2",
    "chr1\t50\t90\tAAA-1\t1",
    "chr2\t5\t25\tAAA-1\t1",
]


def text(rows):
    return ("\n".join(rows) + "\n").encode()


def write_bgzip(path, rows):
    with pysam.BGZFile(str(path), "w") as file:
        file.write(text(rows))
    return path


def ingest(source, folder):
    out = {
        "out": str(folder / "f.tsv.gz"),
        "index": str(folder / "f.tsv.gz.tbi"),
        "census": str(folder / "c.tsv"),
    }
    ingest_fragments(source=str(source), chrom_sizes=None, **out)
    return out


def fetched(path, region="chr1:1-100"):
    with pysam.TabixFile(path) as file:
        return list(file.fetch(region=region))


def test_scan_counts_barcodes_over_blocks(tmp_path):
    path = write_bgzip(tmp_path / "f.gz", ROWS)
    for size in (1 << 20, 30):
        census = scan(path, blocks(path, size=size))
        assert census.barcodes == {"AAA-1": 3, "CCC-1": 1}
        assert census.chromosomes == ["chr1", "chr2"]


def test_sound_bgzip_is_linked_and_indexed(tmp_path):
    source = write_bgzip(tmp_path / "source.tsv.gz", ROWS)
    (tmp_path / "out").mkdir()
    out = ingest(source, tmp_path / "out")
    assert (tmp_path / "out" / "f.tsv.gz").is_symlink()
    assert len(fetched(out["out"])) == 3
    census = (tmp_path / "out" / "c.tsv").read_text()
    assert census == "barcode\tn_fragments\nAAA-1\t3\nCCC-1\t1\n"


@pytest.mark.parametrize("compress", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_other_compression_becomes_bgzip(tmp_path, compress):
    source = tmp_path / "source.tsv.gz"
    source.write_bytes(compress(text(ROWS)))
    out = ingest(source, tmp_path)
    assert is_bgzf(out["out"])
    assert len(fetched(out["out"])) == 3


def test_missing_counts_become_one(tmp_path):
    rows = [ROWS[0], *(row.rpartition("\t")[0] for row in ROWS[1:])]
    for name, write in (
        ("a", lambda p: p.write_bytes(text(rows))),
        ("b", lambda p: write_bgzip(p, rows)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        write(folder / "source")
        out = ingest(folder / "source", folder)
        assert fetched(out["out"])[0] == "chr1\t10\t200\tAAA-1\t1"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*ROWS[:3], "chr1\t5\t60\tAAA-1\t1"], "not sorted: chr1:5 comes after chr1:10. Sort it"),
        ([*ROWS, "chr1\t90\t95\tAAA-1\t1"], "not sorted: chr1 comes back after chr2"),
        ([*ROWS[:2], "chr1\t70\t60\tAAA-1\t1"], "line 3: .* ends before it starts"),
        ([*ROWS[:2], "chr1\tx\t60\tAAA-1\t1"], "line 3: .* not a whole number"),
        ([*ROWS[:2], "chr1\t20\t60"], "line 3: .* has 3 tab-separated columns"),
        (["chr1 10 20 A 1"], "line 1: .* has 1 tab-separated columns"),
        (["# only a comment"], "holds no fragments"),
    ],
)
def test_damaged_rows_are_named(tmp_path, rows, message):
    path = tmp_path / "f.tsv"
    path.write_bytes(text(rows))
    with pytest.raises(UserError, match=message):
        scan(path, blocks(path))


def test_order_is_checked_across_blocks(tmp_path):
    path = tmp_path / "f.tsv"
    path.write_bytes(text([*ROWS[:4], "chr1\t5\t60\tAAA-1\t1"]))
    with pytest.raises(UserError, match="not sorted"):
        scan(path, blocks(path, size=20))


def test_truncated_gzip_and_bgzip(tmp_path):
    many = [f"chr1\t{i}\t{i + 100}\tB{i % 7919}-1\t1" for i in range(50_000)]
    (tmp_path / "a.gz").write_bytes(gzip.compress(text(many))[:-5000])
    with pytest.raises(UserError, match="truncated or damaged"):
        scan("a.gz", blocks(tmp_path / "a.gz"))
    whole = write_bgzip(tmp_path / "b.gz", many).read_bytes()
    (tmp_path / "b.gz").write_bytes(whole[:-5000])
    with pytest.raises(UserError, match="lacks the end mark of bgzip"):
        scan("b.gz", blocks(tmp_path / "b.gz"))


def test_nothing_is_left_when_the_source_is_bad(tmp_path):
    (tmp_path / "f").write_bytes(text([*ROWS, "chr1\t90\t95\tAAA-1\t1"]))
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError):
        ingest(tmp_path / "f", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_chromosomes_of_another_naming(tmp_path):
    path = tmp_path / "f.tsv"
    path.write_bytes(text(ROWS))
    census = scan(path, blocks(path))
    check_chromosomes(census.chromosomes, ["chr1"], path=path)
    with pytest.raises(UserError, match="such as 'chr1<tab>1', 'chr2<tab>2'"):
        check_chromosomes(census.chromosomes, ["1", "2"], path=path)
    with pytest.raises(UserError, match="Use the assembly that the reads were aligned to"):
        check_chromosomes(census.chromosomes, ["scaffold_1"], path=path)
