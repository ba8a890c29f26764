import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.plots.annotation import annotation_figure
from multiome2vec.plots.qc import atac_figure, joint_figure, rna_figure, verdict_class
from multiome2vec.plots.style import colours_of, thinned
from multiome2vec.qc.limits import make_limits


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            keys.SAMPLE: np.repeat(["s1", "s2"], n // 2),
            keys.N_GENES: rng.integers(200, 2000, n),
            keys.TOTAL_COUNTS: rng.integers(300, 9000, n),
            keys.PCT_MT: rng.uniform(0, 20, n),
            keys.DOUBLET_SCORE: rng.uniform(0, 0.4, n),
            keys.DOUBLET_THRESHOLD: 0.3,
            keys.N_FRAGMENT: rng.integers(100, 9000, n),
            keys.TSSE: rng.uniform(0, 20, n),
            keys.NUCLEOSOME_SIGNAL: rng.uniform(0, 5, n),
            keys.ATAC_PASS: rng.random(n) < 0.8,
            keys.REASON: [""] * 50 + ["low_genes;high_mt"] * 8 + ["rna_doublet"] * 2,
        },
        index=[f"c{i}" for i in range(n)],
    )


LIMITS = make_limits(
    {keys.N_GENES: (200, 2500), keys.PCT_MT: (None, 10), keys.N_FRAGMENT: (1000, None),
     keys.TSSE: (5, None)}
)  # fmt: skip


def titles(figure):
    return [axis.get_title(loc="left") for axis in figure.axes]


def dashed(axis):
    """Heights of limits drawn as horizontal segments."""
    return sorted({segment[0][1] for c in axis.collections if hasattr(c, "get_segments")
                   for segment in c.get_segments() if len(segment)})  # fmt: skip


def test_verdict_classes():
    reasons = pd.Series(
        ["", "low_genes", "low_genes;rna_doublet", "joint_doublet", "rna_doublet;max_cells",
         "max_cells", "not_in_atac;excluded"]
    )  # fmt: skip
    assert verdict_class(reasons).tolist() == [
        "kept", "low quality", "low quality", "doublet", "doublet", "left out by choice",
        "low quality",
    ]  # fmt: skip


def test_rna_figure_shows_the_limits_and_all_reasons(table):
    figure = rna_figure(table, limits={"s1": LIMITS, "s2": LIMITS})
    genes = figure.axes[titles(figure).index("genes detected")]
    assert {200, 2500} <= set(dashed(genes))
    bars = figure.axes[-1]
    names = [text.get_text() for text in bars.get_yticklabels()]
    counts = dict(zip(names, (bar.get_width() for bar in bars.patches), strict=True))
    assert counts == {"kept": 50, "low genes": 8, "high mt": 8, "rna doublet": 2}


def test_rna_without_counts_says_so(table):
    table[[keys.N_GENES, keys.TOTAL_COUNTS, keys.PCT_MT]] = np.nan
    figure = rna_figure(table, limits={"s1": LIMITS, "s2": LIMITS})
    assert "no counts" in figure.get_suptitle()


def test_atac_figure_with_and_without_profiles(table):
    profile = pd.DataFrame(
        [("tss", d, 1.0) for d in range(-2000, 2001)]
        + [("length", i, 2.0) for i in range(1, 1001)],
        columns=["kind", "position", "value"],
    )
    limits = {"s1": LIMITS, "s2": LIMITS}
    figure = atac_figure(table, limits=limits, profiles={"s1": profile, "s2": profile})
    lengths = figure.axes[titles(figure).index("fragment lengths")].lines[0].get_ydata()
    assert lengths.sum() == pytest.approx(100)
    table[keys.TSSE] = np.nan
    no_tss = profile[profile["kind"] == "length"]
    figure = atac_figure(table, limits=limits, profiles={"s1": no_tss, "s2": no_tss})
    said = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert "the assembly has no annotation" in said
    assert "not measured" in said


def test_atac_figure_of_a_ready_matrix_has_no_empty_panels(table):
    table[[keys.TSSE, keys.NUCLEOSOME_SIGNAL]] = np.nan
    empty = pd.DataFrame(columns=["kind", "position", "value"])
    figure = atac_figure(table, limits={"s1": LIMITS}, profiles={"s1": empty})
    assert titles(figure) == [
        "ATAC counts, barcodes ranked",
        "barcodes by reason (several may apply)",
    ]


def test_joint_figure_counts_kept_barcodes_per_sample(table):
    figure = joint_figure(table)
    assert titles(figure)[:2] == [
        "s1: 30 of 30 barcodes kept",
        "s2: 20 of 30 barcodes kept",
    ]
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert said == ["kept (50)", "doublet (2)", "low quality (8)"]


def test_annotation_figure_has_a_panel_for_what_there_is(table):
    table[keys.LABEL] = [f"leiden-{i % 11}" for i in range(len(table))]
    table[keys.DOUBLET_SCORE] = np.nan
    figure = annotation_figure(np.random.default_rng(0).normal(size=(60, 2)), table)
    assert [title for title in titles(figure) if title] == [
        "label (11)", "sample (2)", "RNA counts, log10", "ATAC fragments, log10",
    ]  # fmt: skip
    names = [text.get_text().split(" ")[0] for text in figure.axes[0].get_legend().get_texts()]
    assert names == [f"leiden-{i}" for i in range(11)]


@pytest.mark.parametrize("n", [1, 7, 15, 60])
def test_colours_are_distinct(n):
    colours = colours_of([str(i) for i in range(n)])
    assert len(set(map(str, colours.values()))) == n


def test_thinned_keeps_small_tables_whole():
    assert len(thinned(pd.Series(range(20_000)))) == 20_000
    assert len(thinned(pd.Series(range(50_001)))) == 16_667
    assert len(thinned(pd.Series(dtype=float))) == 0
