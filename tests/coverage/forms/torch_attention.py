"""torch.nn.MultiheadAttention, with each of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from forms.attention import causal
from forms.form import Form
from forms.inputs import HEADS, HIDDEN, WIDTH, hidden, other, samples, vectors
from torch import Tensor, nn

Call = Callable[[int], Mapping[str, object]]  # by the length, the arguments of a call behind its tensors


def plain(_: int) -> Mapping[str, object]:
    return {"need_weights": False}


def default(_: int) -> Mapping[str, object]:
    """Have the weights computed, which the caller drops."""
    return {}


def hiding(length: int) -> Mapping[str, object]:
    return {"attn_mask": ~causal(length), "need_weights": False}  # True where a key is hidden


def hinted(length: int) -> Mapping[str, object]:
    """Give is_causal with attn_mask, as the documentation asks."""
    mask = nn.Transformer.generate_square_subsequent_mask(length)
    return {"attn_mask": mask, "is_causal": True, "need_weights": False}


class Self(nn.Module):
    """Self-attention; ``options`` are the constructor's."""

    def __init__(self, call: Call = plain, **options: object) -> None:
        super().__init__()
        self.call = call
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, **{"batch_first": True, **options})

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x, **self.call(x.size(1)))[0]


class Padded(Self):
    """key_padding_mask."""

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.attention(x, x, x, key_padding_mask=padding, **self.call(x.size(1)))[0]


class Returned(Self):
    """The weights are an output too."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.attention(x, x, x)


class LengthFirst(Self):
    """batch_first=False: the batch is the second axis."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(0, 1)).transpose(0, 1)  # (B, S, W)


class Cross(Self):
    """Keys and values from elsewhere, the last numbers of which may be left out."""

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        keys, values = memory[..., : self.attention.kdim], memory[..., : self.attention.vdim]
        return self.attention(x, keys, values, need_weights=False)[0]


form = partial(Form, family="nn.MultiheadAttention", samples=samples(x=vectors))
padded = partial(form, samples=samples(x=vectors, padding=hidden), padding=HIDDEN)
cross = partial(form, samples=samples(x=vectors, memory=other(vectors)))

FORMS = (
    form("self, need_weights=False", Self),
    form("self, the default call", partial(Self, default)),
    form("self, weights returned", Returned),
    form("batch_first=False", partial(LengthFirst, batch_first=False)),
    form("attn_mask", partial(Self, hiding)),
    form("attn_mask, is_causal", partial(Self, hinted)),
    form("add_zero_attn", partial(Self, add_zero_attn=True)),
    form("add_bias_kv", partial(Self, add_bias_kv=True)),
    padded("key_padding_mask", Padded),
    padded("key_padding_mask, the default call", partial(Padded, default)),
    padded("key_padding_mask and attn_mask", partial(Padded, hiding)),
    cross("cross", Cross),
    cross("cross, kdim and vdim", partial(Cross, kdim=WIDTH // 2, vdim=WIDTH // 4)),
)
