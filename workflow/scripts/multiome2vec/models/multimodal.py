"""The multimodal variational autoencoder that all presets configure."""

import torch
from torch import Tensor, nn

from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModelConfig
from multiome2vec.models.fusion import ProductOfExperts
from multiome2vec.models.gaussian import Posterior
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.priors import StandardNormal
from multiome2vec.models.transforms import TRANSFORMS, Standardise
from multiome2vec.nn.mlp import MLP

LOG_VARIANCE_BOUND = 10.0


class Encoder(nn.Module):
    """Values of one modality to a Gaussian over the latent variables."""

    def __init__(self, config: ModelConfig, name: str) -> None:
        super().__init__()
        spec = config.modalities[name]
        self.name = name
        self.transform = TRANSFORMS[spec.transform](spec.n_features)
        self.standardise = Standardise(spec.n_features)
        n_inputs = spec.n_features + config.n_batches
        self.trunk = MLP(n_inputs, widths=config.hidden, dropout=config.dropout)
        self.head = nn.Linear(self.trunk.n_outputs, 2 * config.latent)

    def transformed(self, batch: Batch) -> Tensor:
        """Values [B, F] after the transform, before they are standardised."""
        return self.transform(batch.values[self.name], batch.library(self.name))

    def forward(self, batch: Batch) -> Posterior:
        """Posterior [B, D]; log-variances lie softly within ±10, undefined values count as mean."""
        x = self.standardise(self.transformed(batch))
        if self.name in batch.defined:
            x = x * batch.defined[self.name]
        hidden = self.trunk(torch.cat([x, batch.covariate], dim=1))
        mean, log_variance = self.head(hidden).chunk(2, dim=1)
        bounded = LOG_VARIANCE_BOUND * torch.tanh(log_variance / LOG_VARIANCE_BOUND)
        return Posterior(mean, bounded)


class Decoder(nn.Module):
    """Latent variables to the logits of one modality's likelihood."""

    def __init__(self, config: ModelConfig, name: str) -> None:
        super().__init__()
        n_inputs = config.latent + config.n_batches
        self.trunk = MLP(n_inputs, widths=config.hidden[::-1], dropout=config.dropout)
        self.head = nn.Linear(self.trunk.n_outputs, config.modalities[name].n_features)

    def forward(self, z: Tensor, covariate: Tensor) -> Tensor:
        """[B, D] and [B, C] to logits [B, F]."""
        return self.head(self.trunk(torch.cat([z, covariate], dim=1)))


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
        self.fusion = ProductOfExperts([spec.derived_from is not None for spec in specs.values()])
        self.prior = StandardNormal()

    def encode(self, batch: Batch) -> Posterior:
        """Experts of all modalities [B, M, D]; those of modalities not in ``batch`` are N(0, I)."""
        shape = (len(batch.present), self.config.latent)
        absent = Posterior(*(batch.covariate.new_zeros(shape) for _ in range(2)))
        experts = [
            encoder(batch) if name in batch.values else absent
            for name, encoder in self.encoders.items()
        ]
        return Posterior(*(torch.stack(parts, dim=1) for parts in zip(*experts, strict=True)))

    def posterior(self, batch: Batch) -> Posterior:
        """Posterior [B, D] given everything that is present."""
        return self.fusion(self.encode(batch), batch.present)

    def log_likelihood(self, name: str, batch: Batch, z: Tensor) -> Tensor:
        """Log-probability of a modality given ``z`` [B, D]; sum over its defined features [B]."""
        logits = self.decoders[name](z, batch.covariate)
        likelihood = self.likelihoods[name]
        log_prob = likelihood.log_prob(batch.values[name], logits, batch.library(name))
        if name in batch.defined:
            log_prob = log_prob * batch.defined[name]
        return log_prob.sum(dim=1)
