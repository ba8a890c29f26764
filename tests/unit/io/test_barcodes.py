import gzip

import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.barcodes import overlap, read_translation, transform
from multiome2vec.io.reconcile import propose, reconcile

RNG = np.random.default_rng(0)


def sequences(n: int) -> pd.Index:
    return pd.Index(["".join(letters) for letters in RNG.choice(list("ACGT"), (n, 16))])


PLAIN = sequences(50)
COMPLEMENT = str.maketrans("ACGT", "TGCA")
REVERSED = PLAIN.map(lambda name: name.translate(COMPLEMENT)[::-1])


@pytest.mark.parametrize(
    ("rna", "atac", "how"),
    [
        (PLAIN, PLAIN + "-1", "add-suffix=-1"),
        (PLAIN + "-1", PLAIN, "strip-suffix"),
        (PLAIN + "_1", PLAIN, "strip-suffix"),
        (PLAIN + ".1", PLAIN + "-1", "separator=-"),
        (PLAIN + "#1", PLAIN + "-1", "separator=-"),
        ("sample1_" + PLAIN, PLAIN, "strip-prefix"),
        ("sample:" + PLAIN, PLAIN, "strip-prefix"),
        ("S1#" + PLAIN + "-1", PLAIN + "-1", "strip-prefix"),
        (PLAIN + "-1", "S1#" + PLAIN + "-1", "add-prefix=S1#"),
        (PLAIN + "-1_S1", PLAIN + "-1", "strip-tail"),
        (PLAIN + "-1-sampleA", PLAIN, "strip-tail+strip-suffix"),
        (PLAIN, PLAIN + "-1-sampleA", "add-suffix=-1-sampleA"),
        ("sampleA_" + PLAIN + "-1", PLAIN + "-1_sampleA", "swap"),
        (PLAIN + "-1_sampleA", "sampleA_" + PLAIN + "-1", "swap"),
        (PLAIN.str.lower(), PLAIN, "upper-case"),
        (PLAIN, PLAIN.str.lower(), "lower-case"),
        (REVERSED, PLAIN, "reverse-complement"),
        ("s_" + REVERSED + "-1", PLAIN, "strip-prefix+strip-suffix+reverse-complement"),
        ('"' + PLAIN + '" ', PLAIN, "clean"),
        ("b'" + PLAIN + "-1'", PLAIN + "-1", "clean"),
        ("S1_" + PLAIN + "-3", PLAIN, "strip-prefix+strip-suffix"),
        (PLAIN + "-2", PLAIN + "-1", "strip-suffix+add-suffix=-1"),
    ],
)
def test_the_respelling_is_found_and_works(rna, atac, how):
    (proposal,) = propose(rna, set(atac))
    assert proposal.transform == how
    assert proposal.overlap == 1
    assert overlap(transform(rna, how), set(atac)) == 1


def test_lanes_of_several_libraries_stay_apart():
    lanes = PLAIN + pd.Index(["_1", "_2"] * 25)
    (proposal,) = propose(lanes, set(lanes.str.replace("_", "-")))
    assert proposal.transform == "separator=-"


def test_no_respelling_for_other_cells():
    assert propose(PLAIN, set(sequences(50))) == []


def test_two_respellings_that_are_as_good_are_both_named():
    both = set(PLAIN + "-1") | set(PLAIN + "-2")
    assert [found.transform for found in propose(PLAIN, both)] == ["add-suffix=-1", "add-suffix=-2"]
    with pytest.raises(UserError) as caught:
        reconcile(PLAIN, both, how="", sample="s1", minimum=0.5)
    message = str(caught.value)
    assert "as good: 'add-suffix=-1' (100%) or 'add-suffix=-2' (100%)" in message
    names, share = reconcile(PLAIN, both, how="add-suffix=-2", sample="s1", minimum=0.5)
    assert list(names) == list(PLAIN + "-2")
    assert share == 1


def test_one_that_is_clearly_worse_is_no_rival():
    most = set(PLAIN + "-1") | set((PLAIN + "-2")[:30])
    assert [found.transform for found in propose(PLAIN, most)] == ["add-suffix=-1"]


def test_the_only_respelling_is_applied_and_told(caplog):
    names, share = reconcile(PLAIN, set(PLAIN[:40] + "-1"), how="", sample="s1", minimum=0.5)
    assert list(names) == list(PLAIN + "-1")
    assert share == pytest.approx(0.8)
    assert "s1: RNA barcodes are respelt by 'add-suffix=-1': 0.0 %" in caplog.text
    assert "80.0 % are" in caplog.text


def test_a_respelling_of_half_the_barcodes_is_not_applied():
    with pytest.raises(UserError, match="No known respelling brings them together"):
        reconcile(PLAIN, set(PLAIN[:25] + "-1"), how="", sample="s1", minimum=0.1)


def test_suffix_case_is_explained_with_its_fix():
    with pytest.raises(UserError) as caught:
        reconcile(PLAIN, set(PLAIN + "-1"), how="none", sample="s1", minimum=0.5)
    message = str(caught.value)
    assert "Sample s1: 0% of the RNA barcodes occur on the ATAC side" in message
    assert "Write 'add-suffix=-1' (100%) into the sample sheet's column barcode_transf" in message
    assert PLAIN[0] in message


def test_enough_overlap_passes_as_it_is():
    names, share = reconcile(PLAIN, set(PLAIN[:30]), how="", sample="s1", minimum=0.5)
    assert names is PLAIN
    assert share == pytest.approx(0.6)


def test_transforms_that_lose_cells_and_unknown_ones_are_errors():
    with pytest.raises(UserError, match="makes barcodes equal"):
        transform(pd.Index(["AAAA-1", "AAAA-2"]), "strip-suffix")
    for wrong in ("strip", "add-prefix", "strip-suffix=1"):
        with pytest.raises(UserError, match=f"'{wrong}' is unknown.*Known: .*separator="):
            transform(PLAIN, wrong)


@pytest.fixture
def lists(tmp_path):
    """Two lists of barcodes side by side, as ARC's: 400 pairs, in gzip."""
    pairs = pd.DataFrame({"rna": sequences(400), "atac": sequences(400)})
    text = pairs.to_csv(sep="\t", index=False)
    (tmp_path / "pairs.tsv.gz").write_bytes(gzip.compress(text.encode()))
    return pairs, read_translation(tmp_path / "pairs.tsv.gz")


def test_translated_barcodes_are_found_in_either_direction(lists):
    pairs, table = lists
    pd.testing.assert_frame_equal(table, pairs)
    rna, atac = pd.Index(pairs["rna"][:300]), set(pairs["atac"])
    (found,) = propose(rna + "-1", {name + "-1" for name in atac}, translation=table)
    assert found.transform == "translate"
    reverse = {name.translate(COMPLEMENT)[::-1] for name in atac}
    (found,) = propose("s1_" + rna + "-1", reverse, translation=table)
    assert found.transform == "strip-prefix+strip-suffix+translate+reverse-complement"
    (found,) = propose(pd.Index(pairs["atac"]), set(pairs["rna"]), translation=table)
    assert found.transform == "translate-back"
    assert list(transform(rna[:2], "translate", translation=table)) == list(pairs["atac"][:2])
    assert propose(rna, atac) == []


def test_a_translation_that_is_none_is_named(tmp_path):
    with pytest.raises(UserError, match="'translate' needs ingest.barcode_translation"):
        transform(PLAIN, "translate")
    path = tmp_path / "pairs.tsv"
    for text, message in (
        (f"{PLAIN[0]} {PLAIN[1]}\n{PLAIN[2]}\n", f"pair 2: '{PLAIN[2]}' is no pair.*paste"),
        (f"{PLAIN[0]},{PLAIN[1]}\n{PLAIN[0]},{PLAIN[2]}\n", f"{PLAIN[0]} occurs more than once"),
        ("", "holds no barcodes"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            read_translation(path)
