import numpy as np
import pytest
from multiome2vec.errors import UserError
from multiome2vec.motifs.collection import (
    factors,
    from_jaspar_release,
    read_jaspar,
    table,
    write_jaspar,
)


@pytest.fixture(scope="module")
def vertebrates():
    return from_jaspar_release("JASPAR2026", taxon="vertebrates")


def test_release_has_the_core_motifs(vertebrates):
    names = [motif.name for motif in vertebrates]
    assert len(names) > 900
    assert names == sorted(set(names))
    spi1 = next(motif for motif in vertebrates if motif.title == "Spi1")
    assert spi1.family
    assert spi1.counts.shape[1] == 4


def test_round_trip_keeps_counts_and_titles(vertebrates, tmp_path):
    write_jaspar(vertebrates[:20], tmp_path / "m.jaspar")
    again = read_jaspar(tmp_path / "m.jaspar")
    for before, after in zip(vertebrates, again, strict=False):
        assert (before.name, before.title) == (after.name, after.title)
        np.testing.assert_allclose(before.counts, after.counts, rtol=1e-5)


def test_factors_of_dimers_and_variants(vertebrates):
    assert factors("FOS::JUN(var.2)") == ["FOS", "JUN"]
    annotation = table(vertebrates)
    assert annotation.loc[vertebrates[0].name, "tfs"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">M1 A\nA [1 2]\nC [1 2]\nG [1 2]\n", "motif M1 is not four rows"),
        (">M1 A\nA [1 2]\nC [1 2]\nG [1 2]\nT [1]\n", "motif M1 is not four rows"),
        ("", "no motif"),
        (">M1 A\nA [1]\nC [1]\nG [1]\nT [1]\n" * 2, "motif M1 occurs twice"),
    ],
)
def test_damaged_files(tmp_path, text, message):
    (tmp_path / "m.jaspar").write_text(text)
    with pytest.raises(UserError, match=message):
        read_jaspar(tmp_path / "m.jaspar")


def test_unknown_release():
    with pytest.raises(UserError, match="JASPAR1999"):
        from_jaspar_release("JASPAR1999", taxon="vertebrates")
