"""Logos against a direct calculation, and the letters that are drawn."""

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from multiome2vec.plots.logo import (
    COLOURS,
    FLAT,
    HEIGHT,
    INVISIBLE,
    WIDTH,
    consensus,
    letter_heights,
    logo_symbol,
)


def direct(counts):
    """Schneider and Stephens 1990, position by position."""
    heights = []
    for position in counts:
        shares = [count / sum(position) for count in position]
        entropy = -sum(share * math.log2(share) for share in shares if share > 0)
        heights.append([share * (2 - entropy) for share in shares])
    return heights


def boxes(symbol):
    """By colour: bounds (left, top, right, bottom) of each outline of a letter."""
    found = {}
    for path in ElementTree.fromstring(symbol).iter("path"):
        for outline in path.get("d").split("M")[1:]:
            points = [list(map(int, re.findall(r"-?\d+", outline)[:2]))]
            for command, text in re.findall(r"([lhvc])([^lhvcz]*)", outline):
                numbers = [int(number) for number in re.findall(r"-?\d+", text)]
                if command in "hv":
                    numbers.insert(command == "h", 0)
                steps = zip(numbers[::2], numbers[1::2], strict=True)
                start = points[-1]
                points += [[start[0] + x, start[1] + y] for x, y in steps]
            bounds = (*np.min(points, axis=0).tolist(), *np.max(points, axis=0).tolist())
            found.setdefault(path.get("fill"), []).append(bounds)
    return found


def test_heights_are_information_times_share():
    counts = np.random.default_rng(0).integers(0, 90, (12, 4)) + np.eye(12, 4)
    np.testing.assert_allclose(letter_heights(counts), direct(counts), rtol=1e-12)


@pytest.mark.parametrize(
    ("counts", "heights"),
    [
        ([0, 7, 0, 0], [0, 2, 0, 0]),
        ([3, 3, 3, 3], [0, 0, 0, 0]),
        ([5, 0, 5, 0], [0.5, 0, 0.5, 0]),
        ([0, 0, 0, 0], [0, 0, 0, 0]),
        ([0.5, 0, 0, 0.5], [0.5, 0, 0, 0.5]),
    ],
)
def test_heights_known_by_heart(counts, heights):
    np.testing.assert_allclose(letter_heights(np.array([counts])), [heights], atol=1e-12)


def test_letters_fill_their_boxes_highest_on_top():
    # all C; half A, half T: 1 bit; no information; three quarters G
    counts = np.array([[0, 8, 0, 0], [4, 0, 0, 4], [2, 2, 2, 2], [1, 0, 3, 0]])
    symbol = logo_symbol(counts, name="m1")
    assert ElementTree.fromstring(symbol).get("viewBox") == f"0 0 {4 * WIDTH} {HEIGHT}"
    found = boxes(symbol)
    assert set(found) == set(COLOURS.values())
    left, top, right, bottom = found[COLOURS["C"]][0]
    assert 0 <= left < right <= WIDTH
    assert (top, bottom) == (0, HEIGHT)
    bits = {base: [box[1::2] for box in found[COLOURS[base]]] for base in "AGT"}
    quarter = HEIGHT / 4
    assert bits["A"][0] == (HEIGHT - quarter, HEIGHT)  # outline; its hole follows
    assert bits["T"] == [(HEIGHT - 2 * quarter, HEIGHT - quarter)]
    information = 2 + 0.25 * math.log2(0.25) + 0.75 * math.log2(0.75)
    [(top, bottom)] = bits["G"]
    assert top == pytest.approx(HEIGHT * (1 - information / 2), abs=1)
    assert bottom == pytest.approx(HEIGHT * (1 - 0.25 * information / 2), abs=1)
    assert all(3 * WIDTH <= box[0] < box[2] <= 4 * WIDTH for box in found[COLOURS["G"]])


def test_low_letters_are_boxes_and_unseen_ones_are_left_out():
    counts = np.array([[960, 25, 15, 0]])
    heights = HEIGHT / 2 * letter_heights(counts)[0]
    found = boxes(logo_symbol(counts, name="m"))
    assert heights[2] < INVISIBLE < heights[1] < FLAT < heights[0]
    assert set(found) == {COLOURS["A"], COLOURS["C"]}
    left, top, right, bottom = found[COLOURS["C"]][0]
    assert (left, right) == (1, 39)
    assert bottom - top == round(heights[1])


def test_consensus():
    counts = np.array([[0, 8, 0, 0], [5, 4, 3, 3], [0, 0, 1, 9]])
    assert consensus(counts) == "CaT"
