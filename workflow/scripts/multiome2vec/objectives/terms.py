"""Terms of an objective beside the ELBO: each takes a step and returns nats per cell.

=============== ===================================================================================
term            what it asks for
=============== ===================================================================================
``subset``      the ELBO of one random subset of the modalities, which calibrates every expert for
                when it stands alone (Wu & Goodman 2018)
``cross``       each source of evidence reconstructs what was measured beside it
``align``       the posterior of each source alone agrees with the joint one
``cycle``       what the model expects, encoded again, gives the same posterior and responsibilities
``usage``       components of a mixture prior are used evenly
``adversary``   batches cannot be told from the latent variables
``masked``      hidden inputs are predicted
``contrastive`` a cell is recognised from one source to the other
``augmented``   a cell is recognised in two views of it
``donor``       the mean profile of half of a donor's cells is recognised in the other half
=============== ===================================================================================
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.errors import UserError
from multiome2vec.models.batch import Batch
from multiome2vec.models.contrastive import add_noise, info_nce, thin_counts
from multiome2vec.models.gaussian import Posterior, kl_divergence
from multiome2vec.models.priors import usage_entropy
from multiome2vec.models.subsets import group_masks, hide, valid_subsets
from multiome2vec.nn.sparse_rows import densify
from multiome2vec.objectives.elbo import draw, negative_elbo, reconstruction
from multiome2vec.objectives.masking import mask_inputs
from multiome2vec.objectives.step import Step, mean_over

VIEW_MASKING = (0.05, 0.25)  # share of the inputs hidden in each augmented view


def subset(step: Step) -> Tensor:
    """Negative ELBO of one random subset of the modalities."""
    subsets = valid_subsets(step.model.config)
    drawn = subsets[torch.randint(len(subsets), (), generator=step.generator)]
    output, _ = negative_elbo(
        step.model,
        step.batch,
        evidence=step.evidence,
        mask=hide(step.batch.present, drawn.to(step.batch.present.device)),
        weights=step.weights,
        generator=step.generator,
    )
    return output.total


def cross(step: Step) -> Tensor:
    """Σ_g −E log p(x_n | z ~ q_g), over what was measured beside each source g."""
    total = step.draws.z.new_zeros(())
    for mask, _ in step.sources:
        target = step.batch.present & ~mask & mask.any(dim=1, keepdim=True)
        if bool(target.any()):
            draws = draw(step.model, step.evidence, mask, step.generator)
            total = total + reconstruction(step.model, step.batch, draws, target, libraries={})[0]
    return total


def align(step: Step) -> Tensor:
    """Σ_g KL(q ‖ q_g) over cells that have more than the source g."""
    total = step.draws.z.new_zeros(())
    for mask, posterior in step.sources:
        more = mask.any(dim=1) & (step.batch.present & ~mask).any(dim=1)
        total = total + mean_over(kl_divergence(step.joint, posterior), more)
    return total


@contextmanager
def same_statistics(model: nn.Module) -> Iterator[None]:
    """Let batch normalisation keep its running statistics, which are those of cells and of draws.

    In a block that encodes reconstructions or decodes means they would move, and the model would
    be another one when it is used.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d)]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def cycle(step: Step) -> Tensor:
    """KL(q ‖ q̂) + Σ_c γ_c (log γ_c − log γ̂_c), where hats are inferred from expected values."""
    model, batch, assigned = step.model, step.batch, step.draws.assigned
    specs = model.config.modalities
    transformed = [name for name in batch.values if specs[name].target == "transformed"]
    with same_statistics(model):
        expected = {
            name: model.expectation(
                name,
                assigned.mixture.mean,
                batch.covariate,
                model.target(name, batch)[1],
                assigned.responsibilities,
            )
            for name in batch.values
        }
        evidence = model.encode(replace(batch, values=expected), transformed=transformed)
    again = model.prior(model.fuse(evidence, batch.present))
    joint = Posterior(*(part.detach() for part in step.joint))
    loss = kl_divergence(joint, again.mixture.moments()).mean()
    if again.responsibilities is not None:
        before = assigned.responsibilities.detach()
        ratio = before.clamp(min=1e-12).log() - again.responsibilities.clamp(min=1e-12).log()
        loss = loss + (before * ratio).sum(dim=1).mean()
    return loss


def usage(step: Step) -> Tensor:
    """−H of the mean responsibilities (0 without a mixture)."""
    responsibilities = step.draws.assigned.responsibilities
    if responsibilities is None:
        return step.draws.z.new_zeros(())
    return -usage_entropy(responsibilities)


def adversary(step: Step) -> Tensor:
    """Cross-entropy of a classifier of batches behind a reversal of its gradient."""
    if step.model.adversary is None:
        return step.draws.z.new_zeros(())
    logits = step.model.adversary(step.joint.mean, 1.0)
    return functional.cross_entropy(logits, step.batch.covariate.argmax(dim=1))


def masked(step: Step) -> Tensor:
    """Negative log-likelihood of the hidden inputs alone (dense or standardised modalities).

    Raises
    ------
    UserError
        If no modality is.
    """
    if not step.seen.defined:
        raise UserError(
            "The term 'masked' asks for what was hidden of dense or standardised values, but all "
            "are sparse counts. Add their kind to 'standardise', or set the term's weight to 0."
        )
    hidden = {
        name: step.batch.defined.get(name, torch.ones_like(seen)) - seen
        for name, seen in step.seen.defined.items()
    }
    present = step.batch.present
    return reconstruction(step.model, step.batch, step.draws, present, libraries={}, scored=hidden)[
        0
    ]


def contrastive(step: Step) -> Tensor:
    """InfoNCE between the projections of every pair of sources of the same cell."""
    heads = step.model.projections
    total = step.draws.z.new_zeros(())
    for i, (mask, posterior) in enumerate(step.sources):
        for j, (other_mask, other) in enumerate(step.sources[:i]):
            both = mask.any(dim=1) & other_mask.any(dim=1)
            if int(both.sum()) > 1:
                pair = heads[i](posterior.mean[both]), heads[j](other.mean[both])
                total = total + _recognise(step, "contrastive", *pair)
    return total


def augmented(step: Step) -> Tensor:
    """InfoNCE between the projections of two augmented views of each cell."""
    views = []
    for _ in range(2):
        view, _ = mask_inputs(
            _noisy(step), VIEW_MASKING, step.generator, standardised=step.model.standardised
        )
        fused = step.model.fuse(step.model.encode(view), step.batch.present)
        views.append(step.model.projections[0](fused.mean))
    return _recognise(step, "augmented", *views)


def _noisy(step: Step) -> Batch:
    """Thin the counts of the batch, and add noise to its other values, as the settings say."""
    thinning, noise, values = step.spec.thinning, step.spec.noise, dict(step.batch.values)
    for name, x in step.batch.values.items():
        counts = step.model.config.modalities[name].transform != "identity"
        if counts and thinning:
            values[name] = thin_counts(x, keep=1 - thinning, generator=step.generator)
        elif noise and not counts:
            values[name] = add_noise(x, sd=noise, generator=step.generator)
    return replace(step.batch, values=values)


def donor(step: Step) -> Tensor:
    """InfoNCE between donors: mean profile of some cells, projected, and projections of the others.

    Summed over the sources of evidence, each of donors that have it in several cells of the batch
    (rows of a pseudobulk by donor and type, or single cells); 0 if these are fewer than two.
    Encoders that are told of the donor as the batch have nothing to learn from it.
    """
    model, batch = step.model, step.batch
    total, step.chances["donor"] = step.draws.z.new_zeros(()), 0.0
    for number, (mask, posterior) in enumerate(step.sources):
        there = batch.donors.masked_fill(~mask.any(dim=1), -1)
        one, other = _halves(there, step.generator)
        if len(one) > 1:
            head, profiles = model.projections[number], pooled(batch, one)
            seen = group_masks(model.config, profiles.present)[number]
            with same_statistics(model):
                whole = model.fuse(model.encode(profiles), seen).moments()
            pair = head(whole.mean), other @ head(posterior.mean)
            total = total + _recognise(step, "donor", *pair)
    return total


def _halves(donors: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Share of each cell [D, B] in the one and the other random half of its donor's cells.

    Of the donors with several cells. Halves, as any two means of the same cells are alike.
    """
    members = (donors[donors >= 0].unique().unsqueeze(1) == donors).long()
    members = members[members.sum(dim=1) > 1]
    drawn = torch.randperm(len(donors), generator=generator, device=generator.device)
    order, number = drawn.to(donors.device), torch.zeros_like(members)
    number[:, order] = members[:, order].cumsum(dim=1)
    one = (members * (number % 2)).float()
    other = members - one
    return one / one.sum(dim=1, keepdim=True), other / other.sum(dim=1, keepdim=True)


def pooled(batch: Batch, shares: Tensor) -> Batch:
    """Weighted means of cells, in which cells that lack a modality do not count.

    Parameters
    ----------
    shares
        [D, B], weight of each cell in each of the new profiles.
    """
    values, defined = {}, {}
    for m, (name, found) in enumerate(batch.values.items()):
        there = batch.present[:, m : m + 1] * batch.defined.get(name, 1)
        weight = shares @ there.float()
        values[name] = (shares @ (densify(found) * there)) / torch.where(weight > 0, weight, 1)
        if name in batch.defined:
            defined[name] = (weight > 0).float()
    present = (shares @ batch.present.float()) > 0
    return Batch(values, defined, present, shares @ batch.covariate)


def _recognise(step: Step, name: str, a: Tensor, b: Tensor) -> Tensor:
    """InfoNCE of rows that belong together; its chance level is noted, ln of their number."""
    step.chances[name] = step.chances.get(name, 0.0) + math.log(len(a))
    same = torch.eye(len(a), dtype=torch.bool, device=a.device)
    return info_nce(a, b, same, step.spec.temperature)


_TERMS = (subset, cross, align, cycle, usage, adversary, masked, contrastive, augmented, donor)
TERMS: dict[str, Callable[[Step], Tensor]] = {term.__name__: term for term in _TERMS}
