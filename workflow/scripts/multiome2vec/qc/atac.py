"""Quality of ATAC barcodes from their fragments, by the definitions of SnapATAC2 and Signac."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.snap import PAIRED, tss_annotation
from multiome2vec.qc.limits import make_limits, outside
from multiome2vec.qc.reasons import join_reasons

if TYPE_CHECKING:
    from anndata import AnnData

FREE_BELOW = 147  # bp: fragments shorter than this are nucleosome-free
MONO_BELOW = 294  # bp: from 147 to below this they span one nucleosome
LONGEST = 1000  # bp, of the distribution of lengths
TSS_FLANK = 2000  # bp on each side of a start site
TSS_TAIL = 100  # bp at both ends of the window, the background
PSEUDO_COUNT = 0.1  # of the background
METRICS = (
    keys.N_FRAGMENT,
    keys.FRAC_DUP,
    keys.FRAC_MITO,
    keys.TSSE,
    keys.NUCLEOSOME_SIGNAL,
    keys.BLACKLIST_FRACTION,
)


def nucleosome_signal(fragments: "AnnData") -> np.ndarray:
    """Mono-nucleosomal (147 to 293 bp) per nucleosome-free (< 147 bp) fragments of each cell.

    As in Signac and muon, except that a cell without nucleosome-free fragments is treated as if it
    had one, so that the ratio is always finite.

    Parameters
    ----------
    fragments
        Of :func:`multiome2vec.io.snap.import_fragments`.
    """
    paired = fragments.obsm[PAIRED]
    free = _per_row(paired.data < FREE_BELOW, paired.indptr)
    mono = _per_row((paired.data >= FREE_BELOW) & (paired.data < MONO_BELOW), paired.indptr)
    return mono / np.maximum(free, 1)


def _per_row(flags: np.ndarray, indptr: np.ndarray) -> np.ndarray:
    running = np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])
    return running[indptr[1:]] - running[indptr[:-1]]


def length_profile(fragments: "AnnData") -> pd.Series:
    """Count fragments by length, 1 to 1,000 bp (longer ones are left out)."""
    lengths = fragments.obsm[PAIRED].data
    counts = np.bincount(lengths[lengths <= LONGEST], minlength=LONGEST + 1)[1:]
    return pd.Series(counts, index=pd.RangeIndex(1, LONGEST + 1))


def tss_enrichment(
    fragments: "AnnData", tss: pd.DataFrame, *, mitochondrion: str | None
) -> tuple[np.ndarray, pd.Series, float]:
    """TSS enrichment of cells and of the whole library (SnapATAC2).

    The profile counts fragment ends by their distance to every distinct start site, in the
    direction of transcription, to ±2,000 bp. The score is the mean over the 11 bp at the site,
    divided by the mean over the outermost 100 bp on both sides plus 0.1. With few ends per cell
    that pseudo-count dominates the background (small genomes, shallow cells): compare the library's
    score, where it does not.

    Parameters
    ----------
    fragments
        Of :func:`multiome2vec.io.snap.import_fragments`.
    tss
        Columns chrom, start (0-based site), strand.
    mitochondrion
        Chromosome whose sites are left out, if there is one.

    Returns
    -------
    cells : numpy.ndarray
        Score of each row.
    profile : pandas.Series
        Of the library, divided by its background; index −2000 to 2000.
    library : float
        Score of all rows together.
    """
    import snapatac2 as snap

    with tss_annotation(tss) as path:
        excluded = [mitochondrion] if mitochondrion else []
        found = snap.metrics.tsse(fragments, path, exclude_chroms=excluded, inplace=False)
    counts = np.asarray(found["TSS_profile"], dtype=float)
    tails = np.concatenate([counts[:TSS_TAIL], counts[-TSS_TAIL:]])
    distance = pd.RangeIndex(-TSS_FLANK, TSS_FLANK + 1)
    profile = pd.Series(counts / (tails.mean() + PSEUDO_COUNT), index=distance)
    return np.nan_to_num(found["tsse"]), profile, float(np.nan_to_num(found["library_tsse"]))


def blacklist_fraction(fragments: "AnnData", blacklist: pd.DataFrame) -> np.ndarray:
    """Fraction of the fragments of each cell that overlap the blacklist (chrom, start, end)."""
    import snapatac2 as snap

    columns = (blacklist[keys.CHROM], blacklist[keys.START], blacklist[keys.END])
    regions = [f"{chrom}:{start}-{end}" for chrom, start, end in zip(*columns, strict=True)]
    found = snap.metrics.frip(fragments, {"blacklist": regions}, inplace=False)
    return np.nan_to_num(np.asarray(found["blacklist"], dtype=float))


def atac_metrics(
    fragments: "AnnData",
    *,
    tss: pd.DataFrame | None,
    blacklist: pd.DataFrame | None,
    mitochondrion: str | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All metrics of the barcodes, and the profiles of the library.

    Parameters
    ----------
    fragments
        Of :func:`multiome2vec.io.snap.import_fragments`.
    tss, blacklist
        Missing ones leave their metric empty.
    mitochondrion
        Name of the mitochondrial chromosome, if there is one.

    Returns
    -------
    metrics : pandas.DataFrame
        Rows as ``fragments``, columns :data:`METRICS`.
    profile : pandas.DataFrame
        Columns kind (``length``, ``tss``, ``score``), position (bp; name of a score), value.
    """
    obs = fragments.obs
    metrics = pd.DataFrame(
        {
            keys.N_FRAGMENT: obs["n_fragment"].astype(np.int64),
            keys.FRAC_DUP: obs["frac_dup"].fillna(0.0),
            keys.FRAC_MITO: obs["frac_mito"].fillna(0.0),
            keys.TSSE: np.nan,
            keys.NUCLEOSOME_SIGNAL: nucleosome_signal(fragments),
            keys.BLACKLIST_FRACTION: np.nan,
        },
        index=fragments.obs_names,
    )
    parts = [_profile("length", length_profile(fragments))]
    if tss is not None:
        metrics[keys.TSSE], profile, library = tss_enrichment(
            fragments, tss, mitochondrion=mitochondrion
        )
        parts += [_profile("tss", profile), _profile("score", pd.Series({"library_tsse": library}))]
    if blacklist is not None:
        metrics[keys.BLACKLIST_FRACTION] = blacklist_fraction(fragments, blacklist)
    return metrics, pd.concat(parts, ignore_index=True)


def _profile(kind: str, values: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {"kind": kind, "position": values.index.astype(str), "value": values.to_numpy(float)}
    )


def atac_limits(
    *, mode: str, min_log10_fragments: float, min_tsse: float, max_nucleosome_signal: float
) -> pd.DataFrame:
    """Limits of a sample: those given (mode ``auto``), or none (mode ``none``).

    Returns
    -------
    pandas.DataFrame
        See :func:`multiome2vec.qc.limits.make_limits`.
    """
    if mode == "none":
        return no_limits()
    return make_limits(
        {
            keys.N_FRAGMENT: (10**min_log10_fragments, None),
            keys.TSSE: (min_tsse, None),
            keys.NUCLEOSOME_SIGNAL: (None, max_nucleosome_signal),
        }
    )


def no_limits() -> pd.DataFrame:
    """Limits that every barcode meets."""
    limited = (keys.N_FRAGMENT, keys.TSSE, keys.NUCLEOSOME_SIGNAL)
    return make_limits(dict.fromkeys(limited, (None, None)))


def judge_atac(metrics: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Add the verdict on the metrics, and columns for doublets, empty yet.

    Parameters
    ----------
    metrics
        Barcodes × :data:`METRICS`.
    limits
        Of :func:`atac_limits`.
    """
    reason = join_reasons(outside(metrics, limits))
    return metrics.assign(
        **{
            keys.ATAC_DOUBLET_SCORE: np.nan,
            keys.ATAC_DOUBLET_PROBABILITY: np.nan,
            keys.ATAC_PREDICTED_DOUBLET: False,
            keys.ATAC_PASS: reason == "",
            keys.ATAC_REASON: reason,
        }
    )
