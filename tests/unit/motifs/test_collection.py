import numpy as np
import pytest
from multiome2vec.errors import UserError
from multiome2vec.motifs.collection import factors, from_jaspar_release, table, write_jaspar
from multiome2vec.motifs.formats import read_motifs


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
    again = read_motifs(tmp_path / "m.jaspar")
    for before, after in zip(vertebrates, again, strict=False):
        assert (before.name, before.title) == (after.name, after.title)
        np.testing.assert_allclose(before.counts, after.counts, rtol=1e-5)


def test_factors_of_dimers_and_variants(vertebrates):
    assert factors("FOS::JUN(var.2)") == ["FOS", "JUN"]
    annotation = table(vertebrates)
    assert annotation.loc[vertebrates[0].name, "tfs"]


def test_unknown_release():
    with pytest.raises(UserError, match="JASPAR1999"):
        from_jaspar_release("JASPAR1999", taxon="vertebrates")
