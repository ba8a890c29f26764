"""Bring a motif collection into one form."""

import logging
import re

from multiome2vec.io.atomic import atomic_path, write_tsv
from multiome2vec.motifs.collection import from_jaspar_release, read_jaspar, table, write_jaspar

logger = logging.getLogger(__name__)


def motif_collection(*, collection: str, taxon: str, motifs: str, annotation: str) -> None:
    """Write the motifs of a JASPAR release or of a file, and a table of what binds them.

    Parameters
    ----------
    collection
        Name of a release (JASPAR2026) or path of a file in JASPAR format.
    taxon
        Tax group of the release.
    motifs, annotation
        ``motifs.jaspar`` and ``motifs.tsv`` (motif, name, tfs, family).
    """
    if re.fullmatch(r"JASPAR\d{4}", collection):
        found = from_jaspar_release(collection, taxon=taxon)
    else:
        found = read_jaspar(collection)
    logger.info("%d motifs of %s", len(found), collection)
    with atomic_path(motifs) as partial:
        write_jaspar(found, partial)
    write_tsv(table(found).rename_axis("motif"), annotation)
