"""Configuration and sample sheet, checked before anything runs; what the dataset has.

Nothing here computes: helpers answer which files exist for a dataset, so that rules can leave out
the modalities it lacks.
"""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, os.path.join(workflow.basedir, "workflow", "scripts"))

from multiome2vec.config import load_schema, model_settings, validate_config
from multiome2vec.errors import UserError
from multiome2vec.io.sheet import metadata_columns, read_sheet
from multiome2vec.presets import configure
from multiome2vec.provenance import source_digest

SCHEMA = load_schema(os.path.join(workflow.basedir, "workflow", "schemas", "config.schema.yaml"))


#: other targets, with which faults stop everything at once
STAGES = {"all", "fetch_all", "qc", "peaks", "topics", "motifs", "matrices", "conditions"}
STAGES |= {"embed", "evaluate"}


def only_preflight():
    """Whether `preflight` is the one target of the command line."""
    given = sys.argv[1:]
    others = [text for text in given if text in STAGES or text.startswith("results/")]
    return "preflight" in given and not others


#: check, problem and file of what is wrong here, where preflight is to list it with the rest
FAULTS = []
TELL_LATER = only_preflight()


def refuse(problem):
    """Stop with a message, before anything runs; the target preflight lists it instead."""
    if not TELL_LATER:
        raise WorkflowError(problem)
    FAULTS.append(("config", problem, ""))


def from_here_or_workflow(path):
    """A path as given if it exists in the working directory, else inside the workflow's folder."""
    own = os.path.join(workflow.basedir, path)
    return own if not os.path.exists(path) and os.path.exists(own) else path


try:
    validate_config(config, SCHEMA)
    DATASET = config["dataset"]
    ASSEMBLY_NAME = config["datasets"][DATASET]["assembly"]
    ASSEMBLY = config["assemblies"][ASSEMBLY_NAME]
    TRUTH = config["datasets"][DATASET]["truth"]
    SHEET = from_here_or_workflow(config["datasets"][DATASET]["samples"])
    faulty_rows = []
    SAMPLES = read_sheet(SHEET, faults=faulty_rows if TELL_LATER else None)
    FAULTS += [("samples", problem, SHEET) for problem in faulty_rows]
except UserError as error:
    raise WorkflowError(str(error)) from None

GENOME = f"resources/genomes/{ASSEMBLY_NAME}"
# where a GPU is required, an environment that has no CPU-only variant
TORCH_ENV = f"../../envs/torch{'_gpu' if config['training']['device'] == 'cuda' else ''}.yaml"


wildcard_constraints:
    dataset=re.escape(DATASET),
    assembly=re.escape(ASSEMBLY_NAME),
    sample="|".join(re.escape(sample) for sample in SAMPLES.index),
    caller="[a-z0-9]+",
    engine="[a-z0-9]+",
    k="[0-9]+",
    modality="rna|atac",
    model="[A-Za-z0-9_-]+",
    seed="[0-9]+",


def samples_with(column):
    """Samples whose sheet names a file in this column."""
    return [sample for sample in SAMPLES.index if SAMPLES.loc[sample, column]]


def rna_samples():
    return samples_with("rna")


def fragment_samples():
    return samples_with("fragments")


def ready_atac_samples():
    """Samples whose ATAC counts come from a ready matrix."""
    return samples_with("atac")


def has_rna(sample=None):
    return sample in rna_samples() if sample else bool(rna_samples())


def has_fragments(sample=None):
    return sample in fragment_samples() if sample else bool(fragment_samples())


def has_ready_atac(sample=None):
    return sample in ready_atac_samples() if sample else bool(ready_atac_samples())


def has_atac():
    return has_fragments() or has_ready_atac()


def has_counts_rna():
    """Whether there are RNA counts, and not log-normalised values only."""
    return has_rna() and "normalized" not in set(SAMPLES["rna_kind"])


def has_genome():
    return bool(ASSEMBLY["fasta"])


def has_annotation():
    return bool(ASSEMBLY["gtf"] or ASSEMBLY["tss"])


def has_motif():
    """Motif activity needs regions and their sequence."""
    return has_atac() and has_genome()


def has_gene_activity():
    """Accessibility around genes needs regions and the places of genes."""
    return has_atac() and has_annotation()


def has_pairs():
    """Whether some cells have RNA and ATAC."""
    return bool(set(rna_samples()) & {*fragment_samples(), *ready_atac_samples()})


def modalities():
    """Modalities that multiome.h5mu will have."""
    there = {"rna": has_rna(), "atac": has_atac(), "motif": has_motif()}
    return [name for name, found in there.items() if found]


def model_modalities(model):
    """Modalities that a model uses; those that it needs and the dataset lacks are refused.

    Here and not when it is trained, hours later.
    """
    needed = configure(*model_settings(config, model)).modalities
    missing = [name for name in needed if name not in modalities()]
    if missing and not faulty_rows:
        refuse(
            f"run.models has {model}, which needs {' and '.join(missing)}: this dataset has "
            f"{', '.join(modalities())}. Take it out of run.models, or change models.{model}.modalities."
        )
    return [] if missing else list(needed) or modalities()


def region_caller():
    """Name of the region set in use: a peak caller, `bed` or `input`."""
    if config["peaks"]["source"] == "call" and has_fragments():
        return config["peaks"]["caller"]
    return "bed" if config["peaks"]["source"] == "bed" else "input"


REGION_CALLER = region_caller()
MODELS = {name: model_modalities(name) for name in config["run"]["models"] if modalities()}
MODELS = {name: used for name, used in MODELS.items() if used}
SEEDS = config["run"]["seeds"]
BASELINE_NEEDS = {"pca": has_rna(), "lsi": has_atac()}
BASELINES = [name for name in config["run"]["baselines"] if BASELINE_NEEDS[name]]


include: "inputs/resources.smk"
