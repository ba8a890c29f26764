"""Encoders and decoders of one modality."""

from torch import Tensor, nn

from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModelConfig
from multiome2vec.models.fusion import FUSIONS
from multiome2vec.models.gaussian import Posterior, bounded
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.transforms import TRANSFORMS, Standardise
from multiome2vec.nn.bodies import BODIES
from multiome2vec.nn.sparse_rows import SparseRows, densify
from multiome2vec.nn.trunks import TRUNKS


class Encoder(nn.Module):
    """Values of one modality to a Gaussian over the latent variables."""

    def __init__(self, config: ModelConfig, name: str) -> None:
        super().__init__()
        spec = config.modalities[name]
        self.name = name
        self.told_batch = config.batch_in_encoder
        self.transform = TRANSFORMS[spec.transform](spec.n_features)
        self.standardise = Standardise(spec.n_features) if spec.standardise else None
        self.trunk = TRUNKS[spec.encoder](
            spec.n_features,
            n_covariates=config.n_batches if config.batch_in_encoder else 0,
            widths=config.hidden,
            dropout=config.dropout,
            norm=config.norm,
            activation=config.activation,
            segments=spec.segments,
        )
        needed = FUSIONS[config.fusion].reads_experts
        self.head = nn.Linear(self.trunk.n_outputs, 2 * config.latent) if needed else None

    def transformed(self, batch: Batch) -> Tensor | SparseRows:
        """Values [B, F] after the transform, before they are standardised."""
        return self.transform(batch.values[self.name], batch.library(self.name))

    def forward(
        self, batch: Batch, *, transformed: bool = False
    ) -> tuple[Posterior | None, Tensor]:
        """Posterior [B, D] and what it was read from [B, H]; undefined values count as mean.

        There is no posterior if the fusion does not read it.

        Parameters
        ----------
        transformed
            Whether the values of the batch are what :meth:`transformed` returns.
        """
        x = batch.values[self.name] if transformed else self.transformed(batch)
        if self.standardise is not None:
            x = self.standardise(densify(x))
        if self.name in batch.defined:
            x = densify(x) * batch.defined[self.name]
        covariate = batch.covariate if self.told_batch else batch.covariate[:, :0]
        hidden = self.trunk(x, covariate)
        if self.head is None:
            return None, hidden
        mean, log_variance = self.head(hidden).float().chunk(2, dim=1)
        return Posterior(mean, bounded(log_variance)), hidden


class Decoder(nn.Module):
    """Latent variables to the outputs that one modality's likelihood reads."""

    def __init__(self, config: ModelConfig, name: str) -> None:
        super().__init__()
        spec = config.modalities[name]
        self.body = BODIES[spec.decoder](
            config.latent,
            n_covariates=config.n_batches,
            n_components=config.n_components,
            widths=config.hidden[::-1],
            dropout=config.dropout,
            norm=config.norm,
            activation=config.activation,
        )
        likelihood = LIKELIHOODS[spec.likelihood]
        n_outputs = likelihood.n_heads * spec.n_features
        self.head = nn.Linear(self.body.n_outputs, n_outputs, bias=not likelihood.has_offset)

    def forward(self, z: Tensor, covariate: Tensor, responsibilities: Tensor | None) -> Tensor:
        """[B, D], [B, C] and [B, K] to [B, n_heads · F]."""
        return self.head(self.body(z, covariate, responsibilities))
