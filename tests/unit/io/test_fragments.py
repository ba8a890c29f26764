import gzip
import shutil
from functools import partial
from types import SimpleNamespace

import numpy as np
import pysam
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io import fragment_sort
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


def ingest(source, folder, chrom_sizes=None):
    out = {
        "out": str(folder / "f.tsv.gz"),
        "index": str(folder / "f.tsv.gz.tbi"),
        "census": str(folder / "c.tsv"),
    }
    ingest_fragments(source=str(source), chrom_sizes=chrom_sizes, **out)
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
        ([*ROWS[:2], "chr1\t70\t60\tAAA-1\t1"], "line 3: .* ends before it starts"),
        ([*ROWS[:2], "chr1\tx\t60\tAAA-1\t1"], "line 3: .* not a whole number"),
        ([*ROWS[:2], "chr1\t-7\t60\tAAA-1\t1"], "line 3: .* not a whole number"),
        ([*ROWS[:2], "", "chr1\tx\t60\tAAA-1\t1"], "line 4: .* not a whole number"),
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


@pytest.mark.parametrize("size", [20, 1 << 20])
@pytest.mark.parametrize(
    ("rows", "where"),
    [
        (ROWS, ""),
        ([*ROWS[:4], "chr1\t5\t60\tAAA-1\t1"], "chr1:5 comes after chr1:50"),
        ([*ROWS, "chr1\t90\t95\tAAA-1\t1"], "chr1 comes back after chr2"),
    ],
)
def test_order_is_checked_within_and_across_blocks(tmp_path, rows, where, size):
    path = tmp_path / "f.tsv"
    path.write_bytes(text(rows))
    census = scan(path, blocks(path, size=size))
    assert census.disorder == where
    assert census.chromosomes == ["chr1", "chr2"][: len(census.ends)]


def unsorted(n: int) -> list[str]:
    rng = np.random.default_rng(0)
    start, chrom = rng.integers(0, 1 << 26, n), rng.integers(0, 3, n)
    return [
        f"chr{c}\t{s}\t{s + 9}\tB{s % 7}\t{1 + s % 3}" for c, s in zip(chrom, start, strict=True)
    ]


@pytest.mark.parametrize("write", [gzip.compress, bytes], ids=["gzip", "plain"])
@pytest.mark.parametrize("largest", [2_000_000, 50])
def test_unsorted_fragments_are_sorted(tmp_path, monkeypatch, caplog, write, largest):
    monkeypatch.setattr(fragment_sort, "LARGEST", largest)
    monkeypatch.setattr("multiome2vec.steps.ingest_fragments.blocks", partial(blocks, size=5000))
    rows = unsorted(1000)
    (tmp_path / "f").write_bytes(write(text(rows)))
    (tmp_path / "sizes").write_text("chr2\t70000000\nchr0\t70000000\n")
    out = ingest(tmp_path / "f", tmp_path, chrom_sizes=str(tmp_path / "sizes"))
    found = gzip.decompress((tmp_path / "f.tsv.gz").read_bytes()).decode().splitlines()
    order = ["chr2", "chr0", "chr1"]
    split = [row.split("\t") for row in rows]
    split.sort(key=lambda r: (order.index(r[0]), int(r[1]), int(r[2]), *r[3:]))
    assert found == ["\t".join(row) for row in split]
    assert is_bgzf(out["out"])
    assert len(fetched(out["out"], "chr2")) == sum(row.startswith("chr2") for row in rows)
    assert f"{tmp_path / 'f'} is not sorted" in caplog.text
    assert not list(tmp_path.glob(".*.partial.*"))


def test_unsorted_fragments_without_room_to_sort_them(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(text(reversed(ROWS[1:])))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(UserError, match="0.0 GB left. Make room, or sort it elsewhere: zcat f"):
        ingest(tmp_path / "f", tmp_path)


ODD = {
    "blank lines": "\n".join([*ROWS[:3], "", "  ", *ROWS[3:], ""]),
    "line ends of Windows": "\r\n".join([*ROWS, ""]),
    "a header line": "\n".join(["chrom\tstart\tend\tbarcode\tcount", *ROWS[1:], ""]),
}


@pytest.mark.parametrize("bgzip", [True, False])
@pytest.mark.parametrize("oddity", ODD)
def test_what_readers_stumble_over_is_taken_out(tmp_path, caplog, oddity, bgzip):
    source = tmp_path / "source"
    if bgzip:
        with pysam.BGZFile(str(source), "w") as file:
            file.write(ODD[oddity].encode())
    else:
        source.write_bytes(ODD[oddity].encode())
    (tmp_path / "out").mkdir()
    out = ingest(source, tmp_path / "out")
    assert f"{source} has {oddity}" in caplog.text
    lines = gzip.decompress((tmp_path / "out/f.tsv.gz").read_bytes()).decode().split("\n")
    assert [line for line in lines if not line.startswith(("#", "chrom"))] == [*ROWS[1:], ""]
    assert len(fetched(out["out"])) == 3


def test_a_fragment_beyond_its_chromosome_is_of_another_build(tmp_path):
    (tmp_path / "f").write_bytes(text(ROWS))
    (tmp_path / "sizes").write_text("chr1\t299\nchr2\t100\n")
    with pytest.raises(UserError, match="ends at chr1:300, but chr1 of the assembly has 299 bp"):
        ingest(tmp_path / "f", tmp_path, chrom_sizes=str(tmp_path / "sizes"))


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
    (tmp_path / "f").write_bytes(text([*ROWS, "chr1\t90\t5\tAAA-1\t1"]))
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
