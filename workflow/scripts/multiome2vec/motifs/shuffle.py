"""Random sequences with the dinucleotides of a given one."""

import numpy as np


def dinucleotide_shuffle(sequence: str, *, rng: np.random.Generator) -> str:
    """Shuffle a sequence; every dinucleotide occurs as often as before.

    The letters are the nodes of a graph, the dinucleotides its edges; a random Eulerian path from
    the first letter to the last is a shuffled sequence (Altschul & Erickson 1985,
    doi:10.1093/oxfordjournals.molbev.a040370). The last edges to leave each letter are drawn by a
    loop-erased random walk, which makes every path equally likely.

    Returns
    -------
    str
        Of the same length, first and last letter.
    """
    if len(sequence) < 3:
        return sequence
    following: dict[str, list[str]] = {letter: [] for letter in sequence}
    for letter, after in zip(sequence, sequence[1:], strict=False):
        following[letter].append(after)
    last = _last_edges(following, sequence[-1], rng)
    for letter, after in following.items():
        final = last.get(letter)
        if final is not None:
            after.remove(final)
        rng.shuffle(after)
        if final is not None:
            after.append(final)
    walk, left = [sequence[0]], {letter: iter(after) for letter, after in following.items()}
    for _ in range(len(sequence) - 1):
        walk.append(next(left[walk[-1]]))
    return "".join(walk)


def _last_edges(
    following: dict[str, list[str]], end: str, rng: np.random.Generator
) -> dict[str, str]:
    """Draw for each letter but ``end`` the last edge to leave it: a random tree towards ``end``.

    Wilson's algorithm: random walks from each letter to the tree, loops erased.
    """
    chosen: dict[str, str] = {}
    in_tree = {end}
    for start in following:
        letter = start
        while letter not in in_tree:
            after = following[letter]
            chosen[letter] = after[rng.integers(len(after))]
            letter = chosen[letter]
        letter = start
        while letter not in in_tree:
            in_tree.add(letter)
            letter = chosen[letter]
    return chosen
