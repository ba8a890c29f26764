import pandas as pd
import pytest
from multiome2vec.data.features import segments_of

NAMES = ["chr2:5-9", "chr2:20-30", "chr10:1-4", "chr1:7-9", "chr1:8-12"]


def test_regions_per_chromosome_in_file_order():
    assert segments_of(pd.DataFrame(index=NAMES)) == (2, 1, 2)
    assert segments_of(pd.DataFrame(index=[n.replace(":", "-") for n in NAMES])) == (2, 1, 2)
    columns = {"chrom": pd.Categorical(list("bba")), "start": [1, 5, 2], "end": [2, 6, 3]}
    assert segments_of(pd.DataFrame(columns, index=list("xyz"))) == (2, 1)


@pytest.mark.parametrize(
    "names", [[], NAMES[::-1], [*NAMES, "chr2:50-60"], [*NAMES, "GL000194.1"]], ids=len
)
def test_no_order_no_segments(names):
    assert segments_of(pd.DataFrame(index=pd.Index(names, dtype=object))) == ()
