"""Genome builds: known by the length of a chromosome, or by what files call them."""

import re
from collections.abc import Mapping

#: lengths (bp) of one long and one short chromosome, and other names
_BUILDS: dict[str, tuple[dict[str, int], tuple[str, ...]]] = {
    "hg38": ({"1": 248_956_422, "22": 50_818_468}, ("grch38",)),
    "hg19": ({"1": 249_250_621, "22": 51_304_566}, ("grch37", "hs37d5", "b37")),
    "chm13": ({"1": 248_387_328, "22": 51_324_926}, ("t2t-chm13", "hs1")),
    "mm39": ({"1": 195_154_279, "19": 61_420_004}, ("grcm39",)),
    "mm10": ({"1": 195_471_971, "19": 61_431_566}, ("grcm38",)),
    "mm9": ({"1": 197_195_432, "19": 61_342_430}, ("ncbim37",)),
    "rn7": ({"1": 260_522_016}, ("mratbn7.2",)),
    "rn6": ({"1": 282_763_074}, ("rnor_6.0",)),
    "danRer11": ({"1": 59_578_282}, ("grcz11",)),
}
_NAMES = {name: build for build, (_, others) in _BUILDS.items() for name in (build, *others)}
_WORD = re.compile(
    "(?<![a-z0-9])(" + "|".join(map(re.escape, map(str.lower, _NAMES))) + ")(?![0-9])", re.I
)


def build_of_sizes(sizes: Mapping[str, int]) -> str:
    """Build whose chromosomes have these lengths; empty if it is none of the known ones."""
    plain = {name.removeprefix("chr"): size for name, size in sizes.items()}
    for build, (known, _) in _BUILDS.items():
        if any(plain.get(name) == size for name, size in known.items()):
            return build
    return ""


def build_named_in(text: str) -> str:
    """Build that a text names, such as ``refdata-cellranger-arc-GRCh38-2020-A``; empty if none."""
    found = {_by_lower(word) for word in _WORD.findall(text)}
    return found.pop() if len(found) == 1 else ""


def _by_lower(word: str) -> str:
    return next(build for name, build in _NAMES.items() if name.lower() == word.lower())
