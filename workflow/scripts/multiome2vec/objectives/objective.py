"""The loss of a training step, and the ELBO that models are compared by."""

from collections.abc import Mapping

import torch

from multiome2vec.models.batch import Batch
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.objectives.elbo import LossOutput, negative_elbo
from multiome2vec.objectives.masking import mask_inputs
from multiome2vec.objectives.spec import ObjectiveSpec
from multiome2vec.objectives.step import Step
from multiome2vec.objectives.terms import TERMS


class Objective:
    """Loss of a training step: the negative ELBO plus Σ weight · term.

    Parameters
    ----------
    spec
        Settings.

    Notes
    -----
    The random subset's ELBO is of the same kind as that of all modalities, so the two are averaged:
    (L + w L_subset) / (1 + w). Beside a contrastive term stands its chance level,
    ``<term>_chance``.
    """

    def __init__(self, spec: ObjectiveSpec) -> None:
        self.spec = spec

    def __call__(
        self,
        model: MultimodalVAE,
        batch: Batch,
        *,
        weights: dict[str, float],
        generator: torch.Generator,
    ) -> LossOutput:
        """Loss of a batch.

        Parameters
        ----------
        weights
            By name: of the divergences (``kl_z``, ``kl_c``, ``kl_library``) and of the
            terms in :data:`multiome2vec.objectives.terms.TERMS`; terms of weight 0 are left out.
        generator
            Random numbers for masks, subsets and latent draws.
        """
        seen, rate = batch, 0.0
        if self.spec.masking[1] > 0:
            seen, rate = mask_inputs(
                batch, self.spec.masking, generator, standardised=model.standardised
            )
        evidence = model.encode(seen)
        elbo, draws = negative_elbo(
            model,
            batch,
            evidence=evidence,
            mask=batch.present,
            weights=weights,
            generator=generator,
            free_nats=self.spec.free_nats,
            free_bits=self.spec.free_bits,
        )
        step = Step(model, self.spec, batch, seen, evidence, draws, weights, generator)
        total, terms = elbo.total, dict(elbo.terms)
        if rate:
            terms["masking_rate"] = elbo.total.new_tensor(rate)
        for name, term in TERMS.items():
            weight = weights.get(name, 0.0)
            if weight:
                value = term(step)
                terms[name] = value.detach()
                share = 1 + weight if name == "subset" else 1
                total = (total + weight * value) / share
        for name, chance in step.chances.items():
            terms[f"{name}_chance"] = elbo.total.new_tensor(chance)
        return LossOutput(total, terms)


def validation_elbo(
    model: MultimodalVAE, batch: Batch, *, generator: torch.Generator, beta: Mapping[str, float]
) -> LossOutput:
    """Negative ELBO of everything present, nothing masked: to compare by.

    Parameters
    ----------
    beta
        Weights of the divergences by name; 1 for those that are not given.
    """
    output, _ = negative_elbo(
        model,
        batch,
        evidence=model.encode(batch),
        mask=batch.present,
        weights=dict(beta),
        generator=generator,
    )
    return output
