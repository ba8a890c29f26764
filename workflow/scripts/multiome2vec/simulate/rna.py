"""Gene expression: means on the tree, negative binomial counts, mitochondria and ambient RNA."""

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec.keys import CHROM, SAMPLE
from multiome2vec.simulate.design import CHROMOSOMES, SAMPLES, Design
from multiome2vec.simulate.types import TYPES, log_profiles, sisters

SILENT = -7.0  # log mean of a gene that is not expressed, relative to the median expressed one
EMPTY_UMIS = 60.0  # mean UMIs of an empty droplet
BLOCK = 256  # nuclei at a time


def mean_expression(
    rng: np.random.Generator, genes: pd.DataFrame, design: Design
) -> tuple[np.ndarray, np.ndarray]:
    """Log mean expression of the genes in every type, and their transient rise on the trajectory.

    Returns
    -------
    log_mean
        Types × genes, nuclear genes; the level is arbitrary (profiles are normalised later).
    bump
        Log rise at the middle of the trajectory, per gene.
    """
    expressed = genes["expressed"].to_numpy()
    size = len(genes)
    base = np.where(expressed, rng.normal(0, design.expression_sd, size), SILENT)
    factor = genes["factor"].to_numpy()
    base[factor] = np.log(design.factor_level)
    log_mean = np.tile(base, (len(TYPES), 1))
    for node in design.nodes:
        members = [TYPES.index(name) for name in node.members]
        outside = [i for i in range(len(TYPES)) if i not in members]
        mine = (genes["node"] == node.name).to_numpy()
        fold = np.maximum(rng.normal(node.fold, 0.25 * node.fold, size), 0) * np.log(2)
        log_mean[np.ix_(members, mine & ~factor)] += fold[mine & ~factor]
        log_mean[np.ix_(outside, mine & factor)] += np.log(design.factor_leak)
        if node.gene_noise == 0:  # a type that expression hardly sets apart
            own = [TYPES.index(name) for name in sisters(node)]
            log_mean[np.ix_(own, mine & factor)] += np.log(
                design.factor_sister / design.factor_leak
            )
        noise = rng.normal(0, node.gene_noise, size)
        log_mean[members] += np.where(expressed & ~factor, noise, 0)
    transient = expressed & (genes["node"] == "").to_numpy()
    transient &= rng.random(size) < design.transient_genes
    return log_mean, np.where(transient, rng.uniform(1.2, 2.2, size), 0.0)


def profiles(log_mean: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Shares of the genes in each nucleus: exponentials of the log means, summing to 1."""
    share = np.exp(log_mean + batch)
    return share / share.sum(axis=1, keepdims=True)


def nuclei_counts(
    rng: np.random.Generator,
    nuclei: pd.DataFrame,
    *,
    sample: np.ndarray,
    log_mean: np.ndarray,
    bump: np.ndarray,
    batch: np.ndarray,
    design: Design,
) -> sparse.csr_matrix:
    """Draw counts of the nuclear and the mitochondrial genes, before ambient RNA.

    A count is Poisson with mean (expected UMIs) × (share of the gene) × g, with g from a gamma
    distribution of mean 1 and variance ``dispersion``, that is negative binomial.

    Parameters
    ----------
    sample
        Index of the sample of each nucleus.
    log_mean, bump
        As :func:`mean_expression` gives them, the mitochondrial genes last.
    batch
        Samples × genes, log fold changes.

    Returns
    -------
    Nuclei × genes.
    """
    nuclear = log_mean.shape[1]
    switch = rng.uniform(0.2, 0.8, nuclear)
    organelle = rng.dirichlet(np.full(batch.shape[1] - nuclear, 5.0))
    shape = 1 / design.dispersion
    blocks = []
    for first in range(0, len(nuclei), BLOCK):
        part = nuclei.iloc[first : first + BLOCK]
        log = log_profiles(
            log_mean,
            kinds=part["type"].to_numpy(),
            pseudotime=part["pseudotime"].to_numpy(),
            drift=np.zeros(len(part)),
            switch=switch,
            bump=bump,
        )
        where = sample[first : first + BLOCK]
        share = profiles(log, batch[where][:, :nuclear])
        mito = np.exp(batch[where][:, nuclear:]) * organelle
        fraction = part["mitochondrial"].to_numpy()[:, None]
        share = np.hstack([share * (1 - fraction), mito / mito.sum(axis=1)[:, None] * fraction])
        gamma = rng.gamma(shape, design.dispersion, share.shape)
        counts = rng.poisson(part["umis"].to_numpy()[:, None] * share * gamma)
        blocks.append(sparse.csr_matrix(counts.astype(np.int32)))
    return sparse.vstack(blocks, format="csr")


def add_ambient(
    rng: np.random.Generator,
    counts: sparse.csr_matrix,
    *,
    profile: np.ndarray,
    share: np.ndarray,
) -> sparse.csr_matrix:
    """Add RNA of the soup: Poisson with a mean of ``share`` of the droplet's own UMIs.

    Parameters
    ----------
    counts
        Droplets × genes.
    profile
        Shares of the genes in the soup.
    share
        Ambient share of each droplet; a droplet without a nucleus gets ``EMPTY_UMIS`` on average.
    """
    own = np.asarray(counts.sum(axis=1)).ravel()
    mean = np.where(own > 0, own * share / (1 - share), EMPTY_UMIS * share / share.mean())
    drawn = rng.poisson(mean[:, None] * profile[None]).astype(np.int32)
    return (counts + sparse.csr_matrix(drawn)).astype(np.int32).tocsr()


def merge_nuclei(values: sparse.csr_matrix, droplet: np.ndarray, count: int) -> sparse.csr_matrix:
    """Sum the nuclei of each droplet: a doublet is the sum of its two nuclei."""
    ones = np.ones(droplet.size, dtype=values.dtype)
    owner = sparse.csr_matrix((ones, (droplet, np.arange(droplet.size))), (count, droplet.size))
    return (owner @ values).tocsr()


def simulate_rna(
    rng: np.random.Generator,
    genes: pd.DataFrame,
    droplets: pd.DataFrame,
    nuclei: pd.DataFrame,
    design: Design,
) -> tuple[sparse.csr_matrix, pd.DataFrame]:
    """Simulate the counts of all droplets.

    Returns
    -------
    counts
        Droplets × genes, int32, mitochondrial genes last.
    truth
        One row per gene: node, factor, transient, and mean counts per 10,000 of each type.
    """
    nuclear = genes[CHROM].isin(CHROMOSOMES).to_numpy()
    log_mean, bump = mean_expression(rng, genes[nuclear], design)
    batch = rng.normal(0, design.gene_batch_sd, len(genes)) * np.array([[0.5], [-0.5]])
    sample = droplets[SAMPLE].map({name: i for i, name in enumerate(SAMPLES)}).to_numpy()
    per_nucleus = nuclei_counts(
        rng,
        nuclei,
        sample=sample[nuclei["droplet"]],
        log_mean=log_mean,
        bump=bump,
        batch=batch,
        design=design,
    )
    counts = merge_nuclei(per_nucleus, nuclei["droplet"].to_numpy(), len(droplets))
    parts = []
    for i in range(len(SAMPLES)):
        mine = counts[sample == i]
        soup = np.asarray(mine.sum(axis=0)).ravel()
        share = droplets["ambient"].to_numpy()[sample == i]
        parts.append(add_ambient(rng, mine, profile=soup / soup.sum(), share=share))
    truth = genes.copy()
    truth["transient"] = False
    truth.loc[nuclear, "transient"] = bump > 0
    mean = 1e4 * profiles(log_mean, np.zeros(log_mean.shape[1]))
    for name, row in zip(TYPES, mean, strict=True):
        truth[f"mean_{name}"] = np.nan
        truth.loc[nuclear, f"mean_{name}"] = row.round(4)
    return sparse.vstack(parts, format="csr"), truth
