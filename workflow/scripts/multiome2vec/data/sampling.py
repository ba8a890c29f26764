"""Order in which cells come, and batches made ahead of time."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

BLOCK = 128  # neighbouring cells that stay together when a file is read in shuffled order
WINDOW = 16  # batches that are read, and shuffled, together
END = object()
Item = TypeVar("Item")


def index_batches(
    cells: np.ndarray,
    *,
    size: int,
    rng: np.random.Generator | None = None,
    block: int | None = None,
) -> Iterator[np.ndarray]:
    """Yield ``cells`` in batches: shuffled and near-equal in size with ``rng``, else in order.

    Parameters
    ----------
    block
        See :func:`index_windows`; None to shuffle all cells at once.
    """
    if block is not None:
        for window in index_windows(cells, size=size, rng=rng, block=block):
            yield from window
    elif rng is None:
        yield from np.split(cells, range(size, len(cells), size))
    else:
        yield from np.array_split(rng.permutation(cells), -(-len(cells) // size))


def index_windows(
    cells: np.ndarray, *, size: int, rng: np.random.Generator | None = None, block: int = BLOCK
) -> Iterator[list[np.ndarray]]:
    """Yield ``cells`` in windows of 16 batches; a window can be read from a file in long runs.

    With ``rng``, blocks of neighbouring cells are shuffled, then the cells of each window of
    blocks, and batches are near-equal in size. Without, cells come in order.

    Parameters
    ----------
    cells
        Sorted.
    block
        Neighbouring cells that come into the same window.
    """
    if not len(cells):
        return
    bounds = np.minimum(size * np.arange(-(-len(cells) // size) + 1), len(cells))
    order = cells
    if rng is not None:
        bounds = len(cells) * np.arange(len(bounds)) // (len(bounds) - 1)
        blocks = np.split(cells, range(block, len(cells), block))
        order = np.concatenate([blocks[number] for number in rng.permutation(len(blocks))])
    for first in range(0, len(bounds) - 1, WINDOW):
        inner = bounds[first : first + WINDOW + 1]
        window = order[inner[0] : inner[-1]]
        window = window if rng is None else rng.permutation(window)
        yield np.split(window, inner[1:-1] - inner[0])


def prefetch(items: Iterable[Item], *, depth: int = 2) -> Iterator[Item]:
    """Make items in a thread, up to ``depth`` of them ahead; an error there is raised here."""
    source = iter(items)
    with ThreadPoolExecutor(max_workers=1) as thread:
        waiting = deque(thread.submit(next, source, END) for _ in range(depth))
        while (item := waiting.popleft().result()) is not END:
            waiting.append(thread.submit(next, source, END))
            yield item
