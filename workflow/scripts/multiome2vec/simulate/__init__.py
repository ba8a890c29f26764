r"""A multiome experiment with a known answer, in the file formats of 10x Genomics.

:func:`simulate_dataset` makes everything in memory from a :class:`Design` and a seed; ``write``
turns it into files. Simulated data are labelled as such wherever they are shown.

Cells
    Five types on a tree (``types.NODES``), and nuclei on the way from one type to another at
    pseudotime t in [0, 1]. A droplet holds no nucleus (empty), one, or two (doublet: the RNA of its
    nuclei is summed, their fragments are merged, each at 80 % of its depth). Low-quality droplets
    are dying (mitochondrial RNA, little enrichment) or fail in one assay only.

Profiles
    Every feature f (gene or region) has a log activity a_kf in type k: the sum of a level of its
    own and the effects of the branches that k lies on. On the trajectory from type p to type q

        a_f(t) = (1 − w_f(t)) a_pf + w_f(t) a_qf + h_f exp(−(t − ½)² / 2σ²)

    with w_f a logistic step at the feature's own time s_f, and a transient rise h_f of some.

RNA
    With share π_cg ∝ exp(a_g(c) + β_{sample(c), g}), mitochondrial share m_c and depth n_c

        x_cg ~ Poisson(n_c (1 − m_c) π_cg γ_cg),   γ_cg ~ Gamma(mean 1, variance φ)

    that is negative binomial; log n_c is normal. Ambient RNA adds Poisson(α_c/(1 − α_c) n_c e_g),
    n_c being what was counted and e the profile of the sample's pooled RNA.

ATAC
    The depth N_c (log-normal around the median, correlated with n_c) is split by binomials into
    mitochondrial, artefact, in-region (about 58 %) and background fragments. An in-region fragment
    takes region r with chance ∝ exp(a_r(c) + β_{sample(c), r} + b_c · GC_r): counts are Poisson
    given the depth. Its length is a mixture of 0, 1 and 2 nucleosomes; its middle lies around the
    summit, closer when it spans no nucleosome; promoters have their summit at the TSS. Every
    fragment was read 1 + Geometric times.

Sequence
    Bases follow a local GC content (isochores; rich in promoters), with CpG decayed outside
    promoters. Each branch has a transcription factor, expressed in its members; its specific
    enhancers hold one to three sites drawn from the factor's JASPAR matrix (p < 5e-6). Decoys of
    the same factors lie in closed chromatin and in shared regions. The twins of a planted motif
    are those of its JASPAR family and those that match a tenth of its sites.

What makes it hard
    T and NK differ in chromatin, but of their expression hardly more than the factors' genes.
    Monocyte and Dendritic differ in expression, but their chromatin is plastic: a cell lies at a
    share d_c of the way from its own type's chromatin to the other's, logit d_c ~ N(−2, 2.1²), so
    that about a sixth of the cells look like the other type. Each modality alone confuses one
    pair, both together none. (Weak instead of overlapping differences would do for k-means, but
    leave topic models without a topic for either type.) Depth, ambient RNA, GC bias and batch
    effects between the samples blur both modalities.
"""

from multiome2vec.simulate.dataset import Dataset, simulate_dataset
from multiome2vec.simulate.design import Design

__all__ = ["Dataset", "Design", "simulate_dataset"]
