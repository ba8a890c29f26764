"""Parameters of the simulation. The defaults were tuned on seeds 0 to 4."""

from dataclasses import dataclass, field

from multiome2vec.errors import UserError
from multiome2vec.simulate.types import NODES, Node

CHROMOSOMES = ("chr1", "chr2", "chr3")
MITOCHONDRION = "chrM"
MITOCHONDRION_LENGTH = 16_569
SAMPLES = ("s1", "s2")


@dataclass(frozen=True)
class Design:
    """What is simulated, and how hard it is.

    Lengths are in bp, shares between 0 and 1, "per Mb" is per million bp of the three nuclear
    chromosomes, "s.d." of a log is that of the natural logarithm.
    """

    # size
    barcodes: int = 1500  # over both samples
    chromosome_length: int = 2_000_000
    genes: int = 900  # nuclear; 13 mitochondrial ones are added
    sample_share: tuple[float, float] = (0.53, 0.47)

    # barcodes: what is not listed here is a good single cell
    empty: float = 0.06
    doublet: float = 0.06
    dying: float = 0.03  # mitochondrial RNA 20 to 60 %, few UMIs, few fragments
    rna_only: float = 0.03  # too few fragments, or no enrichment
    atac_only: float = 0.02  # too few UMIs
    on_trajectory: float = 0.14  # of the nuclei
    type_weights: tuple[float, ...] = (0.14, 0.20, 0.20, 0.23, 0.23)  # in the order of TYPES
    drift_mean: float = -2.0  # logit of how far chromatin has drifted to the other plastic type
    drift_sd: float = 2.1
    capture_of_doublet: float = 0.8  # of what its two nuclei would give alone

    # tree
    nodes: tuple[Node, ...] = field(default=NODES)

    # genome
    gene_gc: float = 0.47
    isochore_sd: float = 0.05
    promoter_gc: float = 0.62
    enhancer_gc: float = 0.47
    cpg_kept: float = 0.35  # of the CpG outside promoters; the others have decayed to TpG
    decoys_closed: float = 25.0  # decoy sites per factor and Mb in closed chromatin
    decoys_open: float = 1.5  # decoy sites per factor and Mb in shared regions

    # regions
    expressed: float = 0.65  # share of the genes
    shared_enhancers: float = 55.0  # per Mb
    shared_amplitude: float = 1.0
    promoter_amplitude: float = 1.25
    amplitude_sd: float = 0.3  # of the log
    closed: float = 0.03  # opening of a closed region, relative to open
    transient_regions: float = 0.2  # share of the shared enhancers that rise along the trajectory
    blacklisted: int = 6  # artefact intervals

    # RNA
    umis: float = 3800.0  # median
    umis_sd: float = 0.35  # of the log
    expression_sd: float = 1.1  # of the log mean of expressed genes
    dispersion: float = 0.15  # of the negative binomial
    ambient: float = 0.06  # mean share of the UMIs
    factor_level: float = 4.0  # expression of a factor's gene in its types, of the median gene
    factor_leak: float = 0.15  # its expression elsewhere, relative to its types
    factor_sister: float = 0.4  # the same in a sister type that expression hardly tells apart
    transient_genes: float = 0.06  # share of the expressed genes
    gene_batch_sd: float = 0.10  # of the log fold change between the samples

    # ATAC
    fragments: float = 4000.0  # median number of unique fragments
    fragments_sd: float = 0.35  # of the log
    in_regions: float = 0.58  # mean share of the fragments in regions
    mitochondrial: float = 0.02
    artefact: float = 0.02  # share in the artefact intervals
    duplication: float = 0.35  # chance of every further copy of a fragment
    region_batch_sd: float = 0.10  # of the log fold change between the samples
    gc_bias_sd: float = 0.05  # of the slope of log opening on standardised GC, over cells

    def __post_init__(self):
        """Refuse sizes that cannot be laid out."""
        spacing = len(CHROMOSOMES) * self.chromosome_length / self.genes
        if spacing < 3000:
            raise UserError(
                f"simulate.genes = {self.genes} genes do not fit on {len(CHROMOSOMES)} chromosomes "
                f"of {self.chromosome_length} bp: leave at least 3,000 bp per gene, that is at "
                f"most {int(len(CHROMOSOMES) * self.chromosome_length / 3000)} genes."
            )

    @property
    def megabases(self) -> float:
        """Length of the nuclear genome."""
        return len(CHROMOSOMES) * self.chromosome_length / 1e6
