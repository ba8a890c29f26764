"""Readers of motif files: JASPAR and other four-row matrices, Cluster-Buster, MEME minimal."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from multiome2vec.errors import UserError
from multiome2vec.motifs.collection import BASES, Motif

NSITES = 20  # sites behind a MEME motif that does not state them (the default of the format)
ROUNDING = 0.02  # by which the probabilities of a MEME position may miss a sum of 1
ROW = re.compile(r"(?P<base>[ACGTacgt]?)\s*[|:]?\s*\[?(?P<numbers>[^\[\]]*)\]?")
POSITION = re.compile(r"[-+.\deE]+(\s+[-+.\deE]+){3}")
AFTER_MATRIX = ("URL", "-", "*")  # a MEME matrix of unstated width ends before such a line


class _Line(NamedTuple):
    number: int  # in the file, from 1
    text: str


class _Block(NamedTuple):
    """The lines of one motif; ``where`` names file and motif in messages."""

    where: str
    name: str
    title: str
    rows: list[_Line]


def read_motifs(path: str | Path) -> list[Motif]:
    """Read the motifs of a file, or of all files of a folder.

    The format of a file is told by its first lines and its suffix:

    - MEME minimal format: a line ``MEME version``; counts are probabilities × nsites (20 where the
      file does not state it);
    - ``.jaspar``, ``.pfm``: four rows (A, C, G, T) of numbers, with or without letters and
      brackets;
    - ``.cb`` (Cluster-Buster): one row of four numbers (A C G T) per position;
    - any other suffix: one of the latter two, whichever the rows fit.

    Lines that start with ``#`` are comments. A matrix without a ``>id`` line, or with an empty one,
    takes the file's name without suffix as id. A motif without a title has its id as title.

    Parameters
    ----------
    path
        A file, or a folder: its files are read in the order of their names, hidden ones and
        subfolders left out.

    Returns
    -------
    list of Motif
        In the order of the files; counts are positions × ACGT, in the units of the file.

    Raises
    ------
    UserError
        If there is no such path, no motif, a file of no such format, a damaged matrix, or an id
        that occurs twice.
    """
    motifs: list[Motif] = []
    origin: dict[str, Path] = {}
    for file in _files(Path(path)):
        for motif in _read_file(file):
            if motif.name in origin:
                raise UserError(
                    f"{file}: motif {motif.name} occurs twice, first in {origin[motif.name]}. "
                    "Ids must be unique: rename or remove one."
                )
            origin[motif.name] = file
            motifs.append(motif)
    return motifs


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(f"Motif file {path} does not exist (motifs.collection).")
    files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    if not files:
        raise UserError(f"Folder {path} holds no motif file (motifs.collection).")
    return sorted(files)


def _read_file(path: Path) -> list[Motif]:
    lines = _lines(path)
    motifs = list(_reader(path, lines)(path, lines))
    if not motifs:
        raise UserError(
            f"{path}: no motif. Is it in JASPAR, MEME, Cluster-Buster (.cb) or .pfm format?"
        )
    return motifs


def _lines(path: Path) -> list[_Line]:
    """Lines that are neither blank nor comments."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text file. Unpack it, or move it elsewhere.") from None
    lines = (_Line(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    return [line for line in lines if line.text and not line.text.startswith("#")]


def _reader(path: Path, lines: list[_Line]) -> Callable[[Path, list[_Line]], Iterator[Motif]]:
    """Reader of the format that a file is in."""
    suffix = path.suffix.lower()
    if any(line.text.startswith("MEME version") for line in lines):
        return _meme
    if suffix == ".meme":
        raise UserError(f"{path}: no line 'MEME version'. Is it in MEME minimal format?")
    if suffix in {".jaspar", ".pfm", ".cb"}:
        return _cluster_buster if suffix == ".cb" else _four_rows
    blocks = _blocks(path, lines)
    columns = all(POSITION.fullmatch(row.text) for block in blocks for row in block.rows)
    if columns and blocks and all(len(block.rows) == len(BASES) for block in blocks):
        raise UserError(
            f"{path}: every matrix is 4 × 4 numbers: are its rows bases (rename the file to .pfm) "
            "or positions (rename it to .cb)?"
        )
    return _cluster_buster if columns else _four_rows


def _blocks(path: Path, lines: list[_Line]) -> list[_Block]:
    """Cut a file at its ``>`` lines; lines before the first make a block named after the file."""
    starts = [at for at, line in enumerate(lines) if line.text.startswith(">")]
    blocks = []
    for start, end in pairwise([*starts, len(lines)]):
        blocks.append(_block(path, lines[start].text[1:], lines[start + 1 : end]))
    before = lines[: starts[0]] if starts else lines
    return [_block(path, "", before), *blocks] if before else blocks


def _block(path: Path, head: str, rows: list[_Line]) -> _Block:
    """Rows of a motif with its id and title, which a tab or else a space separates."""
    words = head.split("\t") if "\t" in head.strip() else head.split(maxsplit=1)
    name, title = [word.strip() for word in [*words, "", ""][:2]]
    name = name or path.stem
    return _Block(f"{path}: motif {name}", name, title or name, rows)


def _four_rows(path: Path, lines: list[_Line]) -> Iterator[Motif]:
    """Motifs with a row of numbers for each base."""
    for block in _blocks(path, lines):
        rows = [_base_row(block, at) for at in range(len(block.rows))]
        if len(rows) != len(BASES) or len({len(row) for row in rows}) != 1 or not rows[0]:
            raise UserError(
                f"{block.where} is not four rows (A, C, G, T) of equal length. If each row is a "
                "position, rename the file to .cb."
            )
        yield _motif(block, _counts(np.array(rows).T))


def _base_row(block: _Block, at: int) -> list[float]:
    """Numbers of the row ``at`` of a block, such as ``A [ 3 0 1 ]`` or ``3 0 1``."""
    number, text = block.rows[at]
    found = ROW.fullmatch(text)
    if found is None:
        raise UserError(f"{block.where}, line {number}: '{text}' is no row of numbers.")
    base = found["base"].upper()
    if base and base != BASES[at : at + 1]:
        raise UserError(f"{block.where}, line {number}: row {base} is not in the order A, C, G, T.")
    return _numbers(block, _Line(number, found["numbers"]))


def _cluster_buster(path: Path, lines: list[_Line]) -> Iterator[Motif]:
    """Motifs with a row of four numbers for each position."""
    for block in _blocks(path, lines):
        yield _motif(block, _counts(_positions(block)))


def _meme(path: Path, lines: list[_Line]) -> Iterator[Motif]:
    """Motifs in MEME's minimal format."""
    for number, text in lines:
        if text.startswith("ALPHABET") and "".join(text.split()) != "ALPHABET=ACGT":
            raise UserError(f"{path}, line {number}: '{text}', but only ACGT can be read.")
    starts = [at for at, line in enumerate(lines) if line.text.split()[0] == "MOTIF"]
    for start, end in pairwise([*starts, len(lines)]):
        head = " ".join(lines[start].text.split()[1:3])
        yield _meme_motif(_block(path, head, lines[start + 1 : end]))


def _meme_motif(block: _Block) -> Motif:
    """Motif of the lines between one MOTIF line and the next."""
    is_head = [line.text.startswith("letter-probability matrix") for line in block.rows]
    if not any(is_head):
        raise UserError(f"{block.where} has no 'letter-probability matrix'.")
    head, *rest = block.rows[is_head.index(True) :]
    stated = dict(re.findall(r"(\w+)=\s*(\S+)", head.text))
    if stated.get("alength", "4") != "4":
        raise UserError(f"{block.where}, line {head.number}: alength is not 4 (A, C, G, T).")
    nsites = _stated(block, head, stated, "nsites") or NSITES
    width = _stated(block, head, stated, "w")
    is_row = POSITION.fullmatch if width else (lambda text: not text.startswith(AFTER_MATRIX))
    rows = list(takewhile(lambda line: is_row(line.text), rest))
    if width and len(rows) != width:
        raise UserError(
            f"{block.where} has {len(rows)} rows of four numbers, but w= {width:g} "
            f"(line {head.number})."
        )
    return _motif(block, nsites * _probabilities(block._replace(rows=rows)))


def _counts(positions: np.ndarray) -> np.ndarray:
    """Turn a matrix of frequencies or percentages into counts: of 20 sites, as in MEME."""
    sums = positions.sum(axis=1)
    for whole in (1, 100):
        if (np.abs(sums - whole) <= ROUNDING * whole).all() and (np.mod(positions, 1) != 0).any():
            return positions * NSITES / whole
    return positions


def _probabilities(block: _Block) -> np.ndarray:
    """Rows of a block, which sum to 1: positions × ACGT."""
    probabilities = _positions(block)
    wrong = np.flatnonzero(np.abs(probabilities.sum(axis=1) - 1) > ROUNDING)
    if len(wrong):
        number = block.rows[wrong[0]].number
        raise UserError(f"{block.where}, line {number}: probabilities do not sum to 1.")
    return probabilities


def _stated(block: _Block, head: _Line, stated: dict[str, str], key: str) -> float | None:
    """Value > 0 of a key in the head of a MEME matrix; None if it is not there."""
    if key not in stated:
        return None
    value = _numbers(block, _Line(head.number, stated[key]))[0]
    if not 0 < value < np.inf:
        raise UserError(f"{block.where}, line {head.number}: {key}= {value:g} is not above 0.")
    return value


def _positions(block: _Block) -> np.ndarray:
    """Rows of a block, each the four numbers of a position: positions × ACGT."""
    rows = [_numbers(block, row) for row in block.rows]
    for (number, _), row in zip(block.rows, rows, strict=True):
        if len(row) != len(BASES):
            raise UserError(f"{block.where}, line {number}: not four numbers (A C G T).")
    if not rows:
        raise UserError(f"{block.where} has no positions.")
    return np.array(rows)


def _numbers(block: _Block, line: _Line) -> list[float]:
    try:
        return [float(word) for word in line.text.split()]
    except ValueError:
        raise UserError(
            f"{block.where}, line {line.number}: '{line.text}' is not all numbers."
        ) from None


def _motif(block: _Block, counts: np.ndarray) -> Motif:
    """Motif of positions × ACGT; no format states a family."""
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise UserError(f"{block.where} has numbers that are negative or not finite, not counts.")
    return Motif(block.name, block.title, "", counts)
