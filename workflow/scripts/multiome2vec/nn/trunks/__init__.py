"""Encoder bodies: values of one modality to the hidden layer that its posterior is read from.

All are built as ``Trunk(n_features, *, n_covariates, widths, dropout, norm, activation,
segments)``, where ``segments`` is the number of features on each chromosome or None, and called
with x [B, F], dense or sparse, and the covariate [B, C]; they return [B, n_outputs].
"""

from functools import partial

from multiome2vec.nn.trunks.cnn import CNNTrunk
from multiome2vec.nn.trunks.mask_attention import MaskAttentionTrunk
from multiome2vec.nn.trunks.mlp import MLPTrunk
from multiome2vec.nn.trunks.self_attention import ScalarAttention, SelfAttentionTrunk

TRUNKS = {
    "mlp": MLPTrunk,
    "mask-attention": MaskAttentionTrunk,
    "self-attention": SelfAttentionTrunk,
    "self-attention-scalar": partial(SelfAttentionTrunk, attention=ScalarAttention),
    "cnn": CNNTrunk,
    "cnn-transformer": partial(CNNTrunk, transformer=True),
}
