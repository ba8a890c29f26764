"""Bring a motif collection into one form."""

import logging
import re

from multiome2vec.io.atomic import atomic_path, write_tsv
from multiome2vec.motifs.annotation import annotate, read_motif_table
from multiome2vec.motifs.collection import from_jaspar_release, table, write_jaspar
from multiome2vec.motifs.formats import read_motifs

logger = logging.getLogger(__name__)


def motif_collection(
    *, collection: str, taxon: str, factors: str | None, motifs: str, annotation: str
) -> None:
    """Write the motifs of a JASPAR release, a file or a folder, and a table of what binds them.

    Parameters
    ----------
    collection
        Name of a release (JASPAR2026) or path of a file or folder
        (:func:`multiome2vec.motifs.formats.read_motifs`).
    taxon
        Tax group of the release.
    factors
        Table of motifs and transcription factors
        (:func:`multiome2vec.motifs.annotation.read_motif_table`); None to take the motifs' titles.
    motifs, annotation
        ``motifs.jaspar`` and ``motifs.tsv`` (motif, name, tfs, family, tfs_orthology).
    """
    if re.fullmatch(r"JASPAR\d{4}", collection):
        found = from_jaspar_release(collection, taxon=taxon)
    else:
        found = read_motifs(collection)
    logger.info("%d motifs of %s", len(found), collection)
    with atomic_path(motifs) as partial:
        write_jaspar(found, partial)
    known = read_motif_table(factors) if factors else None
    write_tsv(annotate(table(found), known).rename_axis("motif"), annotation)
