"""torch.nn.MultiheadAttention, with each of its arguments."""

from __future__ import annotations

from functools import partial

from forms.attention import causal
from forms.form import Form
from forms.inputs import HEADS, HIDDEN, WIDTH, hidden, other, samples, vectors
from torch import Tensor, nn


class Self(nn.Module):
    """Self-attention; ``options`` are the constructor's."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, **{"batch_first": True, **options})

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


class WeightsDropped(Self):
    """The default call: weights are computed, and dropped by the caller."""

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x)[0]


class Returned(Self):
    """The weights are an output too."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.attention(x, x, x)


class LengthFirst(Self):
    """batch_first=False: the batch is the second axis."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(0, 1)).transpose(0, 1)  # (B, S, W)


class Causal(Self):
    """attn_mask, True where a key is hidden."""

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x, attn_mask=~causal(x.size(1)), need_weights=False)[0]


class CausalHint(Self):
    """attn_mask with is_causal, as the documentation asks."""

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.size(1))
        return self.attention(x, x, x, attn_mask=mask, is_causal=True, need_weights=False)[0]


class Padded(Self):
    """key_padding_mask."""

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.attention(x, x, x, key_padding_mask=padding, need_weights=False)[0]


class PaddedWeightsDropped(Self):
    """key_padding_mask in the default call."""

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.attention(x, x, x, key_padding_mask=padding)[0]


class CausalPadded(Self):
    """Both masks."""

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        mask = ~causal(x.size(1))
        return self.attention(x, x, x, key_padding_mask=padding, attn_mask=mask, need_weights=False)[0]


class Cross(Self):
    """Keys and values from elsewhere."""

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        return self.attention(x, memory, memory, need_weights=False)[0]


class CrossOfOtherSizes(Self):
    """kdim and vdim: keys and values are narrower than the queries."""

    def __init__(self) -> None:
        super().__init__(kdim=WIDTH // 2, vdim=WIDTH // 4)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        keys, values = memory[..., : WIDTH // 2], memory[..., : WIDTH // 4]
        return self.attention(x, keys, values, need_weights=False)[0]


form = partial(Form, family="nn.MultiheadAttention", samples=samples(x=vectors))
padded = partial(form, samples=samples(x=vectors, padding=hidden), padding=HIDDEN)
cross = partial(form, samples=samples(x=vectors, memory=other(vectors)))

FORMS = (
    form("self, need_weights=False", Self),
    form("self, the default call", WeightsDropped),
    form("self, weights returned", Returned),
    form("batch_first=False", lambda: LengthFirst(batch_first=False)),
    form("attn_mask", Causal),
    form("attn_mask, is_causal", CausalHint),
    form("add_zero_attn", lambda: Self(add_zero_attn=True)),
    form("add_bias_kv", lambda: Self(add_bias_kv=True)),
    padded("key_padding_mask", Padded),
    padded("key_padding_mask, the default call", PaddedWeightsDropped),
    padded("key_padding_mask and attn_mask", CausalPadded),
    cross("cross", Cross),
    cross("cross, kdim and vdim", CrossOfOtherSizes),
)
