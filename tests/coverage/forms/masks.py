"""Hand-written: how a mask is laid on the scores."""

from __future__ import annotations

from functools import partial

import torch
from forms.attention import Attention, MaskedAttention, causal, hide_future
from forms.form import Form
from forms.inputs import LONGEST, SHOWN, samples, shown, vectors
from torch import Tensor


class Pairs(MaskedAttention):
    """A query that is padding sees nothing either: its scores are all filled."""

    def lay(self, scores: Tensor, shown: Tensor) -> Tensor:
        return scores.masked_fill(shown.mT * shown == 0, -1e9)  # (B, 1, S, S)


class Scaled(MaskedAttention):
    """The mask is laid on before the scale."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return q @ k.transpose(-2, -1)

    def lay(self, scores: Tensor, shown: Tensor) -> Tensor:
        return super().lay(scores, shown) * 0.35


class CausalThenPadded(MaskedAttention):
    """Causal and padding, one after the other."""

    def lay(self, scores: Tensor, shown: Tensor) -> Tensor:
        return super().lay(hide_future(scores, -1e9), shown)


class Triangle(Attention):
    """Causal, by a buffer that is cut to the length, as nanoGPT does."""

    bias: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bias", causal(LONGEST).view(1, 1, LONGEST, LONGEST))

    def weigh(self, scores: Tensor) -> Tensor:
        length = scores.size(-1)
        return super().weigh(scores.masked_fill(self.bias[:, :, :length, :length] == 0, float("-inf")))


def muted(scores: Tensor, shown: Tensor) -> Tensor:
    """Multiply by 0 and lower, as in GPT's first code."""
    kept = shown.float()
    return scores * kept - 1e4 * (1 - kept)


def renormalized(weights: Tensor, shown: Tensor) -> Tensor:
    weights = weights * shown
    return weights / (weights.sum(dim=-1, keepdim=True) + 1e-9)


def added(scores: Tensor) -> Tensor:
    length = scores.size(-1)
    return torch.softmax(scores + torch.full((length, length), float("-inf")).triu(1), dim=-1)


def compared(scores: Tensor) -> Tensor:
    at = torch.arange(scores.size(-1))
    return torch.softmax(scores.masked_fill(at[None, :] > at[:, None], -1e9), dim=-1)


def padded(
    name: str, build: object = MaskedAttention, /, refusal: str | None = None, **steps: object
) -> Form:
    """Return a form with a padding mask, some of whose steps are others."""
    return Form(
        name,
        partial(build, **steps),
        family="hand-written: masks",
        samples=samples(x=vectors, mask=shown),
        padding=SHOWN,
        attentions=int(refusal is None),
        refusal=refusal,
    )


unmasked = {"lay": lambda scores, shown: scores}
causal_alone = partial(Form, family="hand-written: masks", samples=samples(x=vectors))

FORMS = (
    padded("filled with -inf"),
    padded("filled with -1e4", lay=lambda scores, shown: scores.masked_fill(shown == 0, -1e4)),
    padded(
        "filled with finfo.min",
        lay=lambda scores, shown: scores.masked_fill(~shown.bool(), torch.finfo(scores.dtype).min),
    ),
    padded("added", lay=lambda scores, shown: scores + (1.0 - shown.float()) * -10000.0),  # BERT's first code
    padded("where", lay=lambda scores, shown: torch.where(shown > 0, scores, torch.tensor(-1e9))),
    padded(
        "where, or a full tensor",
        lay=lambda scores, shown: torch.where(shown > 0, scores, torch.full_like(scores, -1e9)),
    ),
    padded("muted by arithmetic", lay=muted),
    padded("on the weights, their sum restored", **unmasked, hide=renormalized),
    padded(
        "on the weights only",
        **unmasked,
        hide=lambda weights, shown: weights * shown,
        refusal="not brought back to a sum of 1",
    ),
    padded("queries masked too", Pairs),
    padded("before the scale", Scaled),
    padded("empty rows set to 0", weigh=lambda scores: torch.nan_to_num(scores.softmax(-1), nan=0.0)),
    causal_alone("causal, a buffer cut to length", Triangle),
    causal_alone("causal, -inf added", partial(Attention, weigh=added)),
    causal_alone("causal, positions compared", partial(Attention, weigh=compared)),
    padded(
        "causal and padding at once",
        lay=lambda scores, shown: scores.masked_fill(
            ~(causal(scores.size(-1)) & shown.bool()), float("-inf")
        ),
    ),
    padded("causal, then padding", CausalThenPadded),
)
