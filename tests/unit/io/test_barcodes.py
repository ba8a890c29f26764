import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.barcodes import overlap, propose, require_overlap, transform

RNG = np.random.default_rng(0)
PLAIN = pd.Index(["".join(RNG.choice(list("ACGT"), 16)) for _ in range(50)])
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.mark.parametrize(
    ("rna", "atac", "how"),
    [
        (PLAIN, PLAIN + "-1", "add-suffix"),
        (PLAIN + "-1", PLAIN, "strip-suffix"),
        ("sample1_" + PLAIN, PLAIN, "strip-prefix"),
        ("S1#" + PLAIN + "-1", PLAIN + "-1", "strip-prefix"),
        (PLAIN + "-1_S1", PLAIN + "-1", "strip-tail"),
        (PLAIN.str.lower(), PLAIN, "upper-case"),
        (PLAIN.map(lambda b: b.translate(COMPLEMENT)[::-1]), PLAIN, "reverse-complement"),
        ("S1_" + PLAIN + "-3", PLAIN, "strip-suffix+strip-prefix"),
        (PLAIN + "-2", PLAIN + "-1", "strip-suffix+add-suffix"),
    ],
)
def test_the_respelling_is_found_and_works(rna, atac, how):
    proposal = propose(rna, set(atac))
    assert proposal.transform == how
    assert proposal.overlap == 1
    assert overlap(transform(rna, how), set(atac)) == 1


def test_no_respelling_for_other_cells():
    assert propose(PLAIN, {"".join(RNG.choice(list("ACGT"), 16)) for _ in range(50)}) is None


def test_suffix_case_is_explained_with_its_fix():
    with pytest.raises(UserError) as caught:
        require_overlap(PLAIN, PLAIN, set(PLAIN + "-1"), sample="s1", minimum=0.5)
    message = str(caught.value)
    assert "Sample s1: 0% of the RNA barcodes occur on the ATAC side" in message
    assert "With 'add-suffix' in the sample sheet's column barcode_transform, 100%" in message
    assert PLAIN[0] in message


def test_enough_overlap_passes():
    share = require_overlap(PLAIN, PLAIN, set(PLAIN[:30]), sample="s1", minimum=0.5)
    assert share == pytest.approx(0.6)


def test_ambiguous_and_unknown_transforms_are_errors():
    with pytest.raises(UserError, match="makes barcodes equal"):
        transform(pd.Index(["AAAA-1", "AAAA-2"]), "strip-suffix")
    with pytest.raises(UserError, match="'strip' is unknown"):
        transform(PLAIN, "strip")
