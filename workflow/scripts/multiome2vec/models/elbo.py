"""Evidence lower bounds over subsets of the modalities."""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModelConfig
from multiome2vec.models.gaussian import Posterior
from multiome2vec.models.multimodal import MultimodalVAE


@dataclass(frozen=True)
class LossOutput:
    """A loss and what it is made of.

    Attributes
    ----------
    total
        To be minimised, in nats per cell.
    terms
        Unweighted parts by name, in nats per cell, without gradients.
    """

    total: Tensor
    terms: dict[str, Tensor]


def valid_subsets(config: ModelConfig) -> Tensor:
    """Non-empty subsets of the modalities, in which none stands without the one it derives from.

    Returns
    -------
    torch.Tensor
        Boolean, subsets × modalities; the full set is the last.
    """
    names = list(config.modalities)
    subsets = []
    for chosen in product([False, True], repeat=len(names)):
        held = {name for name, used in zip(names, chosen, strict=True) if used}
        needed = {config.modalities[name].derived_from for name in held} - {None}
        if held and needed <= held:
            subsets.append(chosen)
    return torch.tensor(subsets)


def hide(present: Tensor, subset: Tensor) -> Tensor:
    """Restrict ``present`` [B, M] to a subset [M]; cells with nothing of it keep what they have."""
    kept = present & subset
    return torch.where(kept.any(dim=1, keepdim=True), kept, present)


def negative_elbo(
    model: MultimodalVAE,
    batch: Batch,
    *,
    experts: Posterior,
    mask: Tensor,
    noise: Tensor,
    kl_weight: float,
) -> LossOutput:
    """Negative ELBO of the modalities in ``mask`` given themselves.

    −Σ_m b_m ω_m E log p(x_m | z) + β KL(q(z | x) ‖ p(z)), the expectation by one draw.

    Parameters
    ----------
    experts
        What :meth:`MultimodalVAE.encode` gives for ``batch``.
    mask
        [B, M], modalities that are seen and reconstructed.
    noise
        Standard normal [B, D].
    kl_weight
        β.
    """
    posterior = model.fusion(experts, mask)
    z = posterior.sample(noise)
    kl = model.prior.kl(posterior).mean()
    total, terms = kl_weight * kl, {"kl": kl}
    for m, (name, spec) in enumerate(model.config.modalities.items()):
        if name in batch.values and bool(mask[:, m].any()):
            log_likelihood = torch.where(mask[:, m], model.log_likelihood(name, batch, z), 0)
            terms[f"nll_{name}"] = -log_likelihood.mean()
            total = total + spec.weight * terms[f"nll_{name}"]
    return LossOutput(total, {name: term.detach() for name, term in terms.items()})


def subset_elbo(
    model: MultimodalVAE, batch: Batch, *, kl_weight: float, generator: torch.Generator
) -> LossOutput:
    """Mean of the negative ELBOs of all modalities and of one random subset.

    The subset's term calibrates each expert for when it stands alone (Wu & Goodman 2018).

    Parameters
    ----------
    generator
        Random numbers (on the CPU) for the subset and the latent draws.
    """
    experts = model.encode(batch)
    subsets = valid_subsets(model.config)
    drawn = subsets[torch.randint(len(subsets), (), generator=generator)]
    masks = {"": batch.present, "subset_": hide(batch.present, drawn.to(batch.present.device))}
    outputs = {}
    for prefix, mask in masks.items():
        noise = torch.randn((len(mask), model.config.latent), generator=generator)
        outputs[prefix] = negative_elbo(
            model,
            batch,
            experts=experts,
            mask=mask,
            noise=noise.to(batch.covariate.device),
            kl_weight=kl_weight,
        )
    terms = dict(outputs[""].terms, subset_loss=outputs["subset_"].total.detach())
    return LossOutput((outputs[""].total + outputs["subset_"].total) / 2, terms)
