"""Gene sets of a GMT file (MSigDB, Enrichr, Reactome)."""

from pathlib import Path

from multiome2vec.errors import UserError
from multiome2vec.io.genome import open_text


def read_gmt(path: str | Path) -> dict[str, list[str]]:
    """Read sets: one per line, name, description and genes, separated by tabs.

    Raises
    ------
    UserError
        If a line has no genes, or a name occurs twice.
    """
    if not Path(path).is_file():
        raise UserError(f"{path} does not exist. Correct the path of the gene sets.")
    found: dict[str, list[str]] = {}
    with open_text(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            name, *rest = line.rstrip("\r\n").split("\t")
            genes = [gene for gene in rest[1:] if gene]
            if not genes or name in found:
                wrong = "occurs twice" if name in found else "has no genes"
                raise UserError(
                    f"{path}, line {number}: set '{name[:60]}' {wrong}. GMT has one set per line: "
                    "name, description and genes, separated by tabs."
                )
            found[name] = genes
    if not found:
        raise UserError(f"{path} has no gene sets.")
    return found
