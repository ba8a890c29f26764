"""Checks of barcodes across modalities, and of labels."""

from collections.abc import Mapping

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.barcodes import overlap, transform
from multiome2vec.io.labels import read_labels
from multiome2vec.io.reconcile import advice, examples, propose
from multiome2vec.preflight.findings import OK, WARNING, Findings

SEEN = 0.01  # share of the RNA barcodes that the beginning of a fragments file must hold
MOST = 0.5  # share of the barcodes that have labels
SHOWN = 5


def check_barcodes(
    rna: pd.Index, atac: pd.Index, row: Mapping[str, str], findings: Findings, *, sample: str,
    translation: pd.DataFrame | None, minimum: float,
) -> None:  # fmt: skip
    """Check that RNA and ATAC have barcodes in common, or that a respelling helps.

    Parameters
    ----------
    rna, atac
        Barcodes as delivered; of fragments, those seen so far.
    translation
        See :func:`multiome2vec.io.barcodes.read_translation`.
    minimum
        Least share of the RNA barcodes on the ATAC side, where all of it is known.
    """
    how, known = row["barcode_transform"], set(atac)
    least = minimum if row["atac"] else SEEN
    with findings.check("barcodes", sample=sample):
        spelt = transform(rna, how, translation=translation)
        share = overlap(spelt, known)
        if share >= least:
            text = f"{share:.0%} of the RNA barcodes seen on the ATAC side"
            findings.add(OK, "barcodes", text, sample=sample)
            return
        found = propose(rna, known, more_than=max(share, SEEN), translation=translation)
        if how == "" and len(found) == 1:
            text = (
                f"{share:.0%} of the RNA barcodes seen on the ATAC side as they are, "
                f"{found[0].overlap:.0%} respelt by '{found[0].transform}'."
            )
            findings.add(
                WARNING, "barcodes", text, sample=sample,
                remedy="They will be respelt so. To confirm it, write it into the sample sheet's "
                "column barcode_transform.",
            )  # fmt: skip
            return
        problem = "no barcodes" if share < SEEN else f"only {share:.0%} of the RNA's barcodes"
        raise UserError(
            f"Sample {sample}: RNA and ATAC have {problem} in common. {examples(spelt, known)}",
            remedy=advice(found),
        )


def check_labels(
    row: Mapping[str, str], names: pd.Index | None, findings: Findings, *, sample: str,
    min_cells: int,
) -> None:  # fmt: skip
    """Check that labels are there for most barcodes, and for enough of each kind.

    Parameters
    ----------
    names
        Barcodes of the sample; None if they could not be read.
    min_cells
        Cells below which no peaks are called for a label.
    """
    source = row["labels"]
    where = {"sample": sample, "file": source}
    with findings.check("labels", **where):
        labels = read_labels(source, h5ad=row["rna"] or row["atac"] or None)
        if not len(labels):
            raise UserError(f"Labels {source}: no barcode has a label.", remedy="Fill the column.")
        if names is None:
            findings.add(OK, "labels", f"{len(labels)} labels", **where)
            return
        found = labels[labels.index.isin(names)]
        share = len(found) / len(names)
        if not len(found):
            _refuse(source, labels, names)
        text = f"{share:.0%} of the barcodes have one of {labels.nunique()} labels"
        few = share <= MOST and not row["fragments"]
        findings.add(
            WARNING if few else OK, "labels", f"only {text}" if few else text, **where,
            remedy="The other cells will be 'unlabelled'." if few else "",
        )  # fmt: skip
        counts = found.value_counts()
        small = counts[counts < min_cells]
        if len(small):
            shown = ", ".join(f"{name} ({n})" for name, n in small.head(SHOWN).items())
            findings.add(
                WARNING, "labels",
                f"{len(small)} labels have fewer than {min_cells} cells here: {shown}.", **where,
                remedy="No peaks are called for them (peaks.min_cells); merge them with others?",
            )  # fmt: skip


def _refuse(source: str, labels: pd.Series, names: pd.Index) -> None:
    """Raise: no label belongs to a barcode."""
    ways = propose(labels.index, set(names))
    helps = f" Respelt by '{ways[0].transform}' they would be." if ways else ""
    raise UserError(
        f"Labels {source}: none of their barcodes ({', '.join(labels.index[:2])}) is among the "
        f"sample's ({', '.join(names[:2])}).{helps}",
        remedy="Write the labels' barcodes as the matrix has them.",
    )
