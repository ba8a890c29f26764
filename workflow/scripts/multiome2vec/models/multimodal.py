"""The multimodal variational autoencoder that all presets configure."""

from collections.abc import Collection
from typing import NamedTuple

import torch
from torch import Tensor, nn

from multiome2vec.models.batch import Batch
from multiome2vec.models.coders import Decoder, Encoder
from multiome2vec.models.config import ModelConfig
from multiome2vec.models.contrastive import Projection
from multiome2vec.models.fusion import FUSIONS
from multiome2vec.models.gaussian import Mixture, Posterior
from multiome2vec.models.library import LatentLibrary
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.likelihoods.shares import CountsOfShares
from multiome2vec.models.priors import PRIORS, Assigned
from multiome2vec.models.subsets import valid_subsets
from multiome2vec.nn.gradient_reversal import BatchAdversary
from multiome2vec.nn.sparse_rows import SparseRows, library_of


class Evidence(NamedTuple):
    """What the encoders say about the cells of a batch, before fusion.

    Modalities that the batch lacks have N(0, I) and zeros; the mask keeps them out of the fusion.
    Where the fusion reads the hidden layers alone, all experts are N(0, I).
    """

    experts: Posterior  # [B, M, D]
    hidden: list[Tensor]  # M × [B, H]


def spread(rows: Tensor, where: Tensor) -> Tensor:
    """Put rows [n, H] where ``where`` [B] is true, zeros elsewhere [B, H]."""
    found = rows.new_zeros(len(where), rows.shape[1])
    found[where] = rows
    return found


class MultimodalVAE(nn.Module):
    """One latent space shared by any number of modalities, any of which may be missing.

    Parameters
    ----------
    config
        Architecture. Statistics of the training cells are set by
        :func:`multiome2vec.training.statistics.fit_statistics`.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        specs = config.modalities
        self.encoders = nn.ModuleDict({name: Encoder(config, name) for name in specs})
        self.decoders = nn.ModuleDict({name: Decoder(config, name) for name in specs})
        self.likelihoods = nn.ModuleDict(
            {name: LIKELIHOODS[spec.likelihood](spec.n_features) for name, spec in specs.items()}
        )
        widths = [encoder.trunk.n_outputs for encoder in self.encoders.values()]
        self.libraries = nn.ModuleDict(
            {
                name: LatentLibrary(width)
                for (name, spec), width in zip(specs.items(), widths, strict=True)
                if spec.library == "latent"
            }
        )
        options = {}
        if config.fusion == "mopoe":
            options = {"subsets": valid_subsets(config)}
        elif config.fusion == "concat":
            options = {"n_shared": config.shared}
        self.fusion = FUSIONS[config.fusion](
            config.latent,
            widths=widths,
            derived=[spec.derived_from is not None for spec in specs.values()],
            prior_expert=config.prior_expert,
            **options,
        )
        self.prior = PRIORS[config.prior](
            config.latent, n_components=config.n_components, **dict(config.prior_options)
        )
        self.projections = nn.ModuleList(
            Projection(config.latent, config.projection, config.projection)
            for _ in config.groups * bool(config.projection)
        )
        self.adversary = (
            BatchAdversary(config.latent, config.n_batches, config.hidden[-1])
            if config.adversary and config.n_batches
            else None
        )

    @property
    def standardised(self) -> set[str]:
        """Modalities whose inputs are standardised."""
        specs = self.config.modalities
        return {name for name, spec in specs.items() if spec.standardise}

    def encode(self, batch: Batch, *, transformed: Collection[str] = ()) -> Evidence:
        """Experts [B, M, D] of all modalities.

        Parameters
        ----------
        transformed
            Modalities whose values are transformed already (not yet standardised).
        """
        found = [
            self._encode(name, batch, there, transformed=name in transformed)
            for name, there in zip(self.encoders, batch.present.T, strict=True)
        ]
        experts, hidden = zip(*found, strict=True)
        stacked = (torch.stack(parts, dim=1) for parts in zip(*experts, strict=True))
        return Evidence(Posterior(*stacked), list(hidden))

    def _encode(
        self, name: str, batch: Batch, there: Tensor, *, transformed: bool
    ) -> tuple[Posterior, Tensor]:
        """Expert [B, D] and hidden layer [B, H] of a modality that is ``there`` [B].

        Cells that lack it are not encoded, as they would move the statistics of batch norms, which
        need two cells at least: if one has it, all are encoded.
        """
        encoder, size = self.encoders[name], len(batch)
        zero = batch.covariate.new_zeros(size, self.config.latent)
        n = int(there.sum()) if name in batch.values else 0
        if n == 0:
            nothing = batch.covariate.new_zeros(size, encoder.trunk.n_outputs)
            return Posterior(zero, zero), nothing
        if n in (1, size):
            posterior, hidden = encoder(batch, transformed=transformed)
            return posterior or Posterior(zero, zero), hidden
        posterior, hidden = encoder(batch.part(name, there), transformed=transformed)
        experts = (spread(part, there) for part in posterior or (zero[:n], zero[:n]))
        return Posterior(*experts), spread(hidden, there)

    def fuse(self, evidence: Evidence, mask: Tensor) -> Mixture:
        """Posterior given the modalities in ``mask`` [B, M]."""
        return self.fusion(evidence.experts, evidence.hidden, mask)

    def infer(self, batch: Batch, mask: Tensor | None = None) -> Assigned:
        """Posterior and responsibilities given what is present, or only what is in ``mask``."""
        seen = batch.present if mask is None else mask
        return self.prior(self.fuse(self.encode(batch), seen))

    def outputs(
        self, name: str, z: Tensor, covariate: Tensor, responsibilities: Tensor | None = None
    ) -> Tensor:
        """Compute what the likelihood of a modality reads [B, n_heads · F], given ``z`` [B, D].

        Without responsibilities all components of a mixture count alike.
        """
        return self.decoders[name](z, covariate, self._shares(z, responsibilities))

    def target(self, name: str, batch: Batch) -> tuple[Tensor | SparseRows, Tensor]:
        """Return the values of a modality to reconstruct [B, F] and their library [B, 1]."""
        if self.config.modalities[name].target == "counts":
            return batch.values[name], batch.library(name)
        values = self.encoders[name].transformed(batch)
        return values, library_of(values)

    def expectation(
        self,
        name: str,
        z: Tensor,
        covariate: Tensor,
        library: Tensor,
        responsibilities: Tensor | None = None,
    ) -> Tensor:
        """Compute expected values [B, F] of a modality given ``z`` [B, D], library [B, 1]."""
        outputs = self.outputs(name, z, covariate, responsibilities)
        return self.likelihoods[name].mean(outputs, library)

    def log_likelihood(
        self,
        name: str,
        batch: Batch,
        z: Tensor,
        *,
        responsibilities: Tensor | None = None,
        library: Tensor | None = None,
        scored: Tensor | None = None,
    ) -> Tensor:
        """Log-probability [B] of a modality given ``z`` [B, D]; sum over its defined features.

        In training on a CPU it may be an estimate, see
        :attr:`~multiome2vec.models.config.ModalitySpec.sampled_features`.

        Parameters
        ----------
        library
            [B, 1]; by default the sum of the cell's counts.
        scored
            [B, F], 1 for the entries to score; by default those that are defined.
        """
        values, observed = self.target(name, batch)
        library = observed if library is None else library
        scored = batch.defined.get(name) if scored is None else scored
        likelihood, parts = self.likelihoods[name], self.config.modalities[name].parts
        large = parts and isinstance(likelihood, CountsOfShares) and z.device.type == "cpu"
        if self.training and large and scored is None and isinstance(values, SparseRows):
            decoder, n_parts = self.decoders[name], parts[torch.randint(len(parts), ())]
            hidden = decoder.body(z, batch.covariate, self._shares(z, responsibilities))
            return likelihood.estimate(values, hidden, decoder.head.weight, library, n_parts)
        outputs = self.outputs(name, z, batch.covariate, responsibilities)
        return likelihood.log_likelihood(values, outputs, library, scored)

    def _shares(self, z: Tensor, responsibilities: Tensor | None) -> Tensor | None:
        """Responsibilities that decoders are told [B, K]: all alike if not given."""
        k = self.config.n_components
        return (
            z.new_full((len(z), k), 1 / k) if responsibilities is None and k else responsibilities
        )
