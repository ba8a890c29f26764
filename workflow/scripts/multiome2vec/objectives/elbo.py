"""Evidence lower bound of the modalities in a mask, given themselves."""

from dataclasses import dataclass

import torch
from torch import Tensor

from multiome2vec.models.batch import Batch
from multiome2vec.models.multimodal import Evidence, MultimodalVAE
from multiome2vec.models.priors import Assigned


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


@dataclass(frozen=True)
class Draws:
    """A posterior and one draw of each of its components.

    Attributes
    ----------
    assigned
        Posterior of S components, divergences from the prior, responsibilities.
    z
        [B, S, D].
    """

    assigned: Assigned
    z: Tensor


def standard_normal(like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw standard normal numbers of the shape of ``like``, on the generator's device."""
    noise = torch.randn(like.shape, generator=generator, device=generator.device)
    return noise.to(like.device)


def draw(
    model: MultimodalVAE, evidence: Evidence, mask: Tensor, generator: torch.Generator
) -> Draws:
    """Posterior given the modalities in ``mask`` [B, M], and draws from it."""
    assigned = model.prior(model.fuse(evidence, mask), generator=generator)
    components = assigned.mixture.components
    return Draws(assigned, components.sample(standard_normal(components.mean, generator)))


def reconstruction(
    model: MultimodalVAE,
    batch: Batch,
    draws: Draws,
    target: Tensor,
    *,
    libraries: dict[str, Tensor],
    scored: dict[str, Tensor] | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the expected −log p of the modalities in ``target`` [B, M], mean over cells.

    The expectation is stratified: one draw per component of the posterior, weighted.

    Parameters
    ----------
    libraries
        [B, 1] by modality, where they are not the sums of the counts.
    scored
        [B, F] by modality, entries to score; modalities without an entry are not scored then.

    Returns
    -------
    torch.Tensor
        Σ_m ω_m nll_m.
    dict
        ``nll_<modality>``, unweighted.
    """
    weights, responsibilities = draws.assigned.mixture.weights, draws.assigned.responsibilities
    total, terms = draws.z.new_zeros(()), {}
    for m, (name, spec) in enumerate(model.config.modalities.items()):
        wanted = name in batch.values and (scored is None or name in scored)
        if not wanted or not bool(target[:, m].any()):
            continue
        expected = draws.z.new_zeros(len(batch))
        for s in range(weights.shape[1]):
            log_likelihood = model.log_likelihood(
                name,
                batch,
                draws.z[:, s],
                responsibilities=responsibilities,
                library=libraries.get(name),
                scored=None if scored is None else scored[name],
            )
            share = weights[:, s]
            expected = expected + share * torch.where(share > 0, log_likelihood, 0)
        nll = -torch.where(target[:, m], expected, 0).mean()
        terms[f"nll_{name}"] = nll.detach()
        total = total + spec.weight * nll
    return total, terms


def negative_elbo(
    model: MultimodalVAE,
    batch: Batch,
    *,
    evidence: Evidence,
    mask: Tensor,
    weights: dict[str, float],
    generator: torch.Generator,
    free_nats: float = 0.0,
    free_bits: float = 0.0,
) -> tuple[LossOutput, Draws]:
    """−Σ_m b_m ω_m E log p(x_m | z) + Σ_k β_k KL_k for the modalities that are seen.

    Parameters
    ----------
    batch
        What is reconstructed.
    evidence
        What the encoders say of what is seen (of ``batch``, or of a masked version of it).
    mask
        [B, M], modalities that are seen and reconstructed.
    weights
        β by name of the prior's divergences (``kl_z`` and, of a mixture, ``kl_c``) and of the
        latent library's (``kl_library``); 1 for those that are not given.
    free_nats
        The prior's first divergence counts only above this mean over cells.
    free_bits
        Each latent dimension's part in it counts only above this mean over cells.
    """
    draws = draw(model, evidence, mask, generator)
    libraries, kl_library = latent_libraries(model, batch, evidence, mask, generator)
    total, terms = reconstruction(model, batch, draws, mask, libraries=libraries)
    divergences = {name: kl.mean() for name, kl in draws.assigned.kl.items()} | kl_library
    counted = dict(divergences)
    if free_nats:
        counted["kl_z"] = divergences["kl_z"].clamp(min=free_nats)
    elif free_bits:
        counted["kl_z"] = draws.assigned.dimensions.mean(dim=0).clamp(min=free_bits).sum()
    for name, kl in divergences.items():
        total = total + weights.get(name, 1.0) * counted[name]
        terms[name] = kl.detach()
    return LossOutput(total, terms), draws


def latent_libraries(
    model: MultimodalVAE,
    batch: Batch,
    evidence: Evidence,
    mask: Tensor,
    generator: torch.Generator,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Draws [B, 1] of the latent libraries by modality, and their divergence (one term in all)."""
    libraries, divergence = {}, []
    for m, name in enumerate(model.config.modalities):
        if name in model.libraries and name in batch.values:
            module = model.libraries[name]
            posterior = module(evidence.hidden[m])
            noise = standard_normal(posterior.mean, generator)
            libraries[name] = posterior.sample(noise).exp()
            divergence.append(torch.where(mask[:, m], module.kl(posterior), 0).mean())
    return libraries, {"kl_library": torch.stack(divergence).sum()} if divergence else {}
