"""Sequence logos as SVG (Schneider and Stephens 1990)."""

import re

import numpy as np

from multiome2vec.motifs.collection import BASES

WIDTH, HEIGHT = 40, 200  # units of a position, and of two bits
INVISIBLE = 4  # units: lower letters are left out
FLAT = 10  # units: lower letters, which nobody can read, are drawn as boxes
COLOURS = dict(zip(BASES, ("#009E73", "#0072B2", "#E69F00", "#D55E00"), strict=True))

#: outlines in a box of 100 × 100, y downwards
GLYPHS = {
    "A": "M0 100 L39 0 L61 0 L100 100 L78 100 L70 78 L30 78 L22 100 Z M36 61 L64 61 L50 21 Z",
    "C": "M98 32 C94 12 76 0 52 0 C22 0 2 20 2 50 C2 80 22 100 52 100 C76 100 94 88 98 68 "
    "L77 66 C74 77 65 83 52 83 C34 83 23 71 23 50 C23 29 34 17 52 17 C65 17 74 23 77 34 Z",
    "G": "M97 30 C92 11 76 0 52 0 C21 0 2 20 2 50 C2 80 21 100 52 100 C72 100 88 94 98 84 "
    "L98 46 L53 46 L53 62 L78 62 L78 75 C72 80 64 83 54 83 C34 83 23 71 23 50 "
    "C23 29 34 17 53 17 C65 17 73 22 77 32 Z",
    "T": "M3 0 L97 0 L97 18 L61 18 L61 100 L39 100 L39 18 L3 18 Z",
    "box": "M3 0 L97 0 L97 100 L3 100 Z",
}
_COMMANDS = {
    base: [
        (letter, np.array(numbers.split(), dtype=float).reshape(-1, 2) / 100)
        for letter, numbers in re.findall(r"([MLCZ])([^MLCZ]*)", outline)
    ]
    for base, outline in GLYPHS.items()
}


def letter_heights(counts: np.ndarray) -> np.ndarray:
    """Heights of the letters of a logo, in bits.

    With the frequency f of each base at a position, the position's information is 2 − H bits, where
    H = −Σ f log2 f (0 log 0 = 0), and each letter takes the share f of it. No correction for few
    sites is made, and the background is uniform.

    Parameters
    ----------
    counts
        Positions × ACGT, not negative; a position without counts has no information.

    Returns
    -------
    numpy.ndarray
        Positions × ACGT.
    """
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.full(counts.shape, 1 / len(BASES)), where=total > 0)
    entropy = -(share * np.log2(np.where(share > 0, share, 1))).sum(axis=1, keepdims=True)
    return share * np.maximum(np.log2(len(BASES)) - entropy, 0)


def consensus(counts: np.ndarray) -> str:
    """Most frequent base of each position, in lower case where it has less than one bit."""
    best = [BASES[place] for place in counts.argmax(axis=1)]
    clear = letter_heights(counts).sum(axis=1) >= 1
    return "".join(
        base if is_clear else base.lower() for base, is_clear in zip(best, clear, strict=True)
    )


def logo_symbol(counts: np.ndarray, *, name: str) -> str:
    """Draw a logo as an SVG ``<symbol>`` that ``<use href="#name">`` shows.

    Letters are stacked by height, the highest on top; two bits are the whole height. All letters of
    one base are one path, so that a page may show many logos.

    Parameters
    ----------
    counts
        Positions × ACGT.
    name
        Id of the symbol: letters, digits, hyphens.
    """
    heights = HEIGHT / 2 * letter_heights(counts)
    outlines = dict.fromkeys(BASES, "")
    for position, column in enumerate(heights):
        floor = float(HEIGHT)
        for place in np.argsort(column, kind="stable"):
            top = floor - column[place]
            if column[place] >= INVISIBLE:
                box = (position * WIDTH, top, WIDTH, column[place])
                outlines[BASES[place]] += _outline(BASES[place], box)
            floor = top
    paths = "".join(
        f'<path fill="{COLOURS[base]}" d="{outline}"/>'
        for base, outline in outlines.items() if outline
    )  # fmt: skip
    view = f"0 0 {len(counts) * WIDTH} {HEIGHT}"
    return f'<symbol id="{name}" viewBox="{view}" preserveAspectRatio="none">{paths}</symbol>'


def _outline(base: str, box: tuple[float, float, float, float]) -> str:
    """Path of a letter in a box (left, top, width, height): whole units, relative to each other."""
    left, top, width, height = box
    text, here, start = "", np.zeros(2, dtype=int), np.zeros(2, dtype=int)
    for letter, points in _COMMANDS[base if height >= FLAT else "box"]:
        if letter == "Z":
            text, here = f"{text}z", start
            continue
        there = np.rint(points * (width, height) + (left, top)).astype(int)
        if letter == "M":
            text, start = f"{text}M{there[0, 0]} {there[0, 1]}", there[0]
        elif letter == "L":
            text += _line(*(there[0] - here))
        else:
            text += "c" + " ".join(map(str, (there - here).ravel()))
        here = there[-1]
    return text.replace(" -", "-")


def _line(x: int, y: int) -> str:
    return f"l{x} {y}" if x and y else f"h{x}" if x else f"v{y}" if y else ""
