"""Names of modalities, layers and obs/var/obsm/uns keys: the only place where they are spelt.

The spellings are the field's own (scanpy, SnapATAC2, muon), so that a file written here opens
elsewhere without renaming.
"""

# modalities of multiome.h5mu
RNA = "rna"
ATAC = "atac"
MOTIF = "motif"
MODALITIES = (RNA, ATAC, MOTIF)

# layers
COUNTS = "counts"  # raw integers
DEVIATION = "deviation"  # chromVAR bias-corrected deviation (motif)
AUC = "auc"  # area under the recovery curve of a region set (motif); also uns: how it was ranked
MASK = "mask"  # 1 where a motif score is undefined and was set to 0

# obs: identity
CELL = "cell"  # index of every table of cells: sample#barcode
BARCODE = "barcode"
FRAGMENT_BARCODE = "fragment_barcode"
SAMPLE = "sample"
BATCH = "batch"
DONOR = "donor"
CONDITION = "condition"
LABEL = "label"
LABEL_SOURCE = "label_source"
UNLABELLED = "unlabelled"  # label of a cell that the chosen source of labels does not know
CELL_SEPARATOR = "#"

# obs: RNA quality (scanpy)
N_GENES = "n_genes_by_counts"
TOTAL_COUNTS = "total_counts"
PCT_MT = "pct_counts_mt"
DOUBLET_SCORE = "doublet_score"
PREDICTED_DOUBLET = "predicted_doublet"
DOUBLET_THRESHOLD = "doublet_threshold"
DOUBLET_NOTE = "doublet_note"  # how the threshold came about, or why there are no scores
RNA_PASS, RNA_REASON = "rna_pass", "rna_reason"

# obs: ATAC quality (SnapATAC2, muon)
N_FRAGMENT = "n_fragment"
FRAC_DUP = "frac_dup"
FRAC_MITO = "frac_mito"
TSSE = "tsse"
NUCLEOSOME_SIGNAL = "nucleosome_signal"
BLACKLIST_FRACTION = "blacklist_fraction"
ATAC_DOUBLET_SCORE = "atac_doublet_score"
ATAC_DOUBLET_PROBABILITY = "atac_doublet_probability"
ATAC_PREDICTED_DOUBLET = "atac_predicted_doublet"
ATAC_PASS, ATAC_REASON = "atac_pass", "atac_reason"
FRIP = "frip"
N_FRAGMENT_TOTAL = "n_fragment_total"  # on standard chromosomes, without the mitochondrion
N_FRAGMENT_IN_REGIONS = "n_fragment_in_regions"  # of these, overlapping any consensus region

# obs: presence of a barcode in a modality of its sample
IN_RNA, IN_ATAC = "in_rna", "in_atac"

# obs: cell cycle (scanpy)
PHASE = "phase"  # "G1", "S" or "G2M"; empty for cells without RNA
S_SCORE, G2M_SCORE = "S_score", "G2M_score"

# obs: clusters
LEIDEN = "leiden"

# obs: verdict
KEEP = "keep"
REASON = "reason"  # semicolon-joined codes, empty when kept

# obs: truth of simulated data
KIND = "kind"  # "cell", "empty", "low_quality" or "doublet"
TRUE_TYPE = "true_type"
TRUE_PSEUDOTIME = "true_pseudotime"
TRUE_DOUBLET = "true_doublet"  # "singlet", "heterotypic" or "homotypic"
ON_TRAJECTORY = "on_trajectory"

# obs of a mosaic multiome.h5mu
HAS = {RNA: "has_rna", ATAC: "has_atac", MOTIF: "has_motif"}
MEASURED = "measured"  # what these flags come to: paired, rna_only, atac_only

# var
CHROM, START, END = "chrom", "start", "end"
GENE_ID = "gene_ids"
SYMBOL = "gene_symbols"
FEATURE_TYPES = "feature_types"
GENOME = "genome"  # as the files of Cell Ranger name it, such as GRCh38
HIGHLY_VARIABLE = "highly_variable"

# obsm / varm
X_PCA = "X_pca"
X_HARMONY = "X_pca_harmony"
X_SPECTRAL = "X_spectral"
X_UMAP = "X_umap"
X_TOPIC = "X_topic"
TOPIC_REGION = "topic_region"
TOPIC_FIT = "topic_fit"  # obs: fitted, held_out, folded_in; empty without open regions

# uns
COUNTING = "counting"
PAIRED_INSERTION, FRAGMENT, INSERTION = "paired-insertion", "fragment", "insertion"
COUNTING_UNITS = (PAIRED_INSERTION, FRAGMENT, INSERTION)
ASSEMBLY = "assembly"
N_REGIONS = "n_regions"  # consensus regions before regions.min_cells
PROVENANCE = "multiome2vec"


def cell_id(sample: str, barcode: str) -> str:
    """Name of a cell across samples: ``sample#barcode``."""
    return f"{sample}{CELL_SEPARATOR}{barcode}"


def samples_of(cells):
    """Sample of each cell of an index of ``sample#barcode``."""
    return cells.str.partition(CELL_SEPARATOR).get_level_values(0)
