"""Motif files, with Biopython as the second reader."""

import numpy as np
import pytest
from Bio import motifs as bio
from multiome2vec.errors import UserError
from multiome2vec.motifs.collection import BASES, Motif, write_jaspar
from multiome2vec.motifs.formats import read_motifs

IDS = ["MA1.1", "MA2.3", "M-3_x"]
MEME = """MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies
A 0.3 C 0.2 G 0.2 T 0.3

"""


@pytest.fixture(scope="module")
def motifs():
    """Motifs of 4, 6 and 9 positions with 12 counts each."""
    rng = np.random.default_rng(0)
    return [
        Motif(
            name, f"TF{width}", "", rng.multinomial(12, [0.4, 0.3, 0.2, 0.1], width).astype(float)
        )
        for name, width in zip(IDS, (4, 6, 9), strict=True)
    ]


def rows(matrix, *, spec="g"):
    return "".join(" ".join(format(value, spec) for value in row) + "\n" for row in matrix)


def as_pfm(motifs):
    return "".join(f">{motif.name}\t{motif.title}\n{rows(motif.counts.T)}\n" for motif in motifs)


def as_cb(motifs):
    return "".join(f">{motif.name}\n# GAP 3\n{rows(motif.counts)}" for motif in motifs)


def as_meme(motifs):
    blocks = [
        f"MOTIF {motif.name} {motif.title}\nletter-probability matrix: alength= 4 "
        f"w= {len(motif.counts)} nsites= 12 E= 1e-9\n{rows(motif.counts / 12, spec='.17g')}\n"
        for motif in motifs
    ]
    return MEME + "URL http://x.org\n".join(blocks)


def biopython(path, kind):
    with open(path) as lines:
        return [np.array([m.counts[base] for base in BASES]).T for m in bio.parse(lines, kind)]


@pytest.mark.parametrize(
    ("suffix", "write", "kind"),
    [
        ("pfm", as_pfm, "pfm-four-rows"),
        ("cb", as_cb, "clusterbuster"),
        ("meme", as_meme, "minimal"),
        ("jaspar", None, "jaspar"),
    ],
)
def test_reads_what_biopython_reads(motifs, tmp_path, suffix, write, kind):
    path = tmp_path / f"m.{suffix}"
    path.write_text(write(motifs)) if write else write_jaspar(motifs, path)
    found, expected = read_motifs(path), biopython(path, kind)
    assert [motif.name for motif in found] == IDS
    assert [motif.title for motif in found] == (IDS if suffix == "cb" else ["TF4", "TF6", "TF9"])
    for motif, second, truth in zip(found, expected, motifs, strict=True):
        np.testing.assert_allclose(motif.counts, second, rtol=1e-9)
        np.testing.assert_allclose(motif.counts, truth.counts, rtol=1e-9)


@pytest.mark.parametrize("write", [as_pfm, as_cb, as_meme])
def test_format_of_an_unknown_suffix_is_told_by_its_rows(motifs, tmp_path, write):
    path = tmp_path / "m.txt"
    path.write_text(write(motifs).replace("\n", "\r\n"), newline="")
    for motif, truth in zip(read_motifs(path), motifs, strict=True):
        np.testing.assert_allclose(motif.counts, truth.counts, rtol=1e-9)


def test_matrix_without_header_is_named_after_its_file(motifs, tmp_path):
    path = tmp_path / "MA0004.1.pfm"
    path.write_text(rows(motifs[1].counts.T))
    [motif] = read_motifs(path)
    assert (motif.name, motif.title) == ("MA0004.1", "MA0004.1")
    np.testing.assert_array_equal(motif.counts, biopython(path, "pfm-four-rows")[0])


def test_fractions_and_exponents(tmp_path):
    (tmp_path / "m.cb").write_text("> M1\n0.5 1e-3 .25 0\n1.5E2\t0 0\t2\n")
    [motif] = read_motifs(tmp_path / "m.cb")
    assert motif.name == "M1"
    np.testing.assert_array_equal(motif.counts, [[0.5, 0.001, 0.25, 0], [150, 0, 0, 2]])


@pytest.mark.parametrize("whole", [1, 100])
def test_frequencies_weigh_as_in_meme(tmp_path, whole):
    """One row of frequencies is not one site, or pseudocounts would drown it."""
    share = np.array([[0.97, 0.01, 0.01, 0.01], [0.25, 0.5, 0.125, 0.125]])
    text = "\n".join(" ".join(map(str, row)) for row in whole * share)
    (tmp_path / "m.cb").write_text(f">M1\n{text}\n")
    text = "\n".join(" ".join(map(str, row)) for row in whole * share.T)
    (tmp_path / "m.pfm").write_text(f">M1\n{text}\n")
    for name in ("m.cb", "m.pfm"):
        [motif] = read_motifs(tmp_path / name)
        np.testing.assert_allclose(motif.counts, 20 * share)


@pytest.mark.parametrize("width", ["", "w= 2 "])
def test_meme_defaults_to_20_sites(tmp_path, width):
    text = (
        f"MOTIF M1\nletter-probability matrix: alength= 4 {width}\n1 0 0 0\n.25 .25 .5 0\nURL x\n"
    )
    (tmp_path / "m.meme").write_text(MEME + text)
    [motif] = read_motifs(tmp_path / "m.meme")
    assert motif.title == "M1"
    np.testing.assert_allclose(motif.counts, [[20, 0, 0, 0], [5, 5, 10, 0]])


def test_folder_of_all_formats(motifs, tmp_path):
    (tmp_path / "b.cb").write_text(as_cb(motifs[:1]))
    (tmp_path / "a.meme").write_text(as_meme(motifs[1:2]))
    (tmp_path / "c.pfm").write_text(rows(motifs[2].counts.T))
    (tmp_path / ".hidden").write_bytes(b"\xff")
    (tmp_path / "folder").mkdir()
    assert [motif.name for motif in read_motifs(tmp_path)] == [IDS[1], IDS[0], "c"]
    (tmp_path / "d.cb").write_text(as_cb(motifs[1:2]))
    with pytest.raises(UserError, match=r"d\.cb: motif MA2\.3 occurs twice, first in .*a\.meme"):
        read_motifs(tmp_path)


JASPAR = ">M1 A\nA [1 2]\nC [1 2]\nG [1 2]\n"
MATRIX = "MOTIF M1\nletter-probability matrix: alength= 4 w= 2 nsites= 5\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.jaspar", JASPAR, "motif M1 is not four rows"),
        ("m.jaspar", f"{JASPAR}T [1]\n", "motif M1 is not four rows"),
        ("m.jaspar", "", "no motif"),
        ("m.jaspar", f"{JASPAR}T [1 2]\n" * 2, "motif M1 occurs twice"),
        ("m.jaspar", f"{JASPAR}T [1 x]\n", "motif M1, line 5: '1 x' is not all numbers"),
        ("m.jaspar", ">M1\nA [1]\nT [1]\nG [1]\nC [1]\n", "line 3: row T is not in the order"),
        ("m.jaspar", f"{JASPAR}T [1] [2]\n", "line 5: .* is no row of numbers"),
        ("m.jaspar", f"{JASPAR}T [1 -2]\n", "motif M1 has numbers that are negative"),
        ("m.pfm", ">M1\n1 nan\n1 2\n1 2\n1 2\n", "motif M1 has numbers that are .* not finite"),
        ("m.pfm", ">M1\n1 2 3 4\n1 2 3 4\n", "rename the file to .cb"),
        ("m.pfm", ">M1\n>M2\n1\n1\n1\n1\n", "motif M1 is not four rows"),
        ("m.txt", ">M1\n" + "1 2 3 4\n" * 4, "4 × 4 numbers"),
        ("m.txt", "Some notes.\n", "motif m, line 1: 'Some notes.' is not all numbers"),
        ("m.cb", ">M1\n# GAP 1\n1 2 3\n", "motif M1, line 3: not four numbers"),
        ("m.cb", ">M1\n1 2 3 4\n>M2\n", "motif M2 has no positions"),
        ("m.meme", MATRIX, "no line 'MEME version'"),
        ("m.meme", MEME, "no motif"),
        ("m.meme", MEME.replace("ACGT", "ACGU"), "line 3: 'ALPHABET= ACGU'"),
        ("m.meme", f"{MEME}MOTIF M1\n", "motif M1 has no 'letter-probability matrix'"),
        ("m.meme", f"{MEME}{MATRIX}1 0 0 0\n", "has 1 rows of four numbers, but w= 2"),
        ("m.meme", MEME + MATRIX + "1 0 0 0\n" * 3, "has 3 rows of four numbers, but w= 2"),
        ("m.meme", MEME + MATRIX + "1 0 0 0\n1 0 0 .5\n", "line 13: probabilities do not sum"),
        ("m.meme", MEME + MATRIX.replace("= 4", "= 20"), "line 11: alength is not 4"),
        ("m.meme", MEME + MATRIX.replace("= 5", "= 0"), "line 11: nsites= 0 is not above 0"),
        (
            "m.meme",
            MEME + MATRIX.replace("w= 2", "") + "1 0 0 x\n",
            "line 12: '1 0 0 x' is not all",
        ),
    ],
)
def test_damaged_files(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=message) as raised:
        read_motifs(tmp_path / name)
    assert name in str(raised.value)


def test_paths_without_motifs(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_motifs(tmp_path / "absent.cb")
    with pytest.raises(UserError, match="holds no motif file"):
        read_motifs(tmp_path)
    (tmp_path / "m.cb").write_bytes(b"\x1f\x8b\xff\xfe")
    with pytest.raises(UserError, match="no text file"):
        read_motifs(tmp_path / "m.cb")
