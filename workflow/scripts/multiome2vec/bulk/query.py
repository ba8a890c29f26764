"""New samples of bulk expression for a model that was trained on others."""

from multiome2vec import keys
from multiome2vec.bulk.expression import Expression
from multiome2vec.bulk.genes import Aligned, align
from multiome2vec.errors import UserError
from multiome2vec.models.config import CONTINUOUS
from multiome2vec.training.checkpoint import Checkpoint


def align_to_model(expression: Expression, checkpoint: Checkpoint) -> Aligned:
    """Bring expression to a model's genes, see :func:`multiome2vec.bulk.genes.align`.

    Genes that it lacks get the means of the model's training samples, log2(TPM + 0.001).

    Raises
    ------
    UserError
        If the model is not one of bulk expression, or too many genes are missing.
    """
    facts = checkpoint.card["features"]
    encoders = checkpoint.model.encoders
    if list(facts) != [keys.RNA] or facts[keys.RNA]["kind"] != CONTINUOUS:
        kinds = ", ".join(f"{name} ({fact['kind']})" for name, fact in facts.items())
        raise UserError(
            f"The model was trained on {kinds}, not on bulk expression: name one that was trained "
            "on a table of the command 'bulk'."
        )
    standardise = encoders[keys.RNA].standardise
    means = None if standardise is None else standardise.mean.numpy()
    return align(expression, list(checkpoint.names[keys.RNA]), means=means)
