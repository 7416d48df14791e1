"""Hand-written: how a mask is laid on the scores."""

from __future__ import annotations

from functools import partial

import torch
from forms.attention import Attention, MaskedAttention, causal
from forms.form import Form
from forms.inputs import LONGEST, SHOWN, samples, shown, vectors
from torch import Tensor


class Finite(MaskedAttention):
    """Scores are filled with a number that is large enough."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        return scores.masked_fill(mask[:, None, None, :] == 0, -1e4)


class Lowest(MaskedAttention):
    """Scores are filled with the lowest number."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        return scores.masked_fill(~mask[:, None, None, :].bool(), torch.finfo(scores.dtype).min)


class Added(MaskedAttention):
    """A mask of 0 and -10000 is added, as BERT's first code does."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        return scores + (1.0 - mask[:, None, None, :].float()) * -10000.0


class Where(MaskedAttention):
    """The mask chooses between scores and a constant."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        return torch.where(mask[:, None, None, :] > 0, scores, torch.tensor(-1e9))


class WhereFull(MaskedAttention):
    """The mask chooses between scores and a tensor that is full of one number."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        return torch.where(mask[:, None, None, :] > 0, scores, torch.full_like(scores, -1e9))


class Muted(MaskedAttention):
    """Scores are multiplied by 0 and lowered, as in GPT's first code."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        shown = mask[:, None, None, :].float()
        return scores * shown - 1e4 * (1 - shown)


class AfterSoftmax(MaskedAttention):
    """The weights are masked, not the scores; they no longer sum to 1."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.project(x)
        return self.output(self.join(self.mix(self.hide(self.weigh(self.score(q, k)), mask), v)))

    def hide(self, weights: Tensor, mask: Tensor) -> Tensor:
        return weights * mask[:, None, None, :]


class Renormalized(AfterSoftmax):
    """The weights are masked, then brought back to a sum of 1."""

    def hide(self, weights: Tensor, mask: Tensor) -> Tensor:
        weights = super().hide(weights, mask)
        return weights / (weights.sum(dim=-1, keepdim=True) + 1e-9)


class Pairs(MaskedAttention):
    """A query that is padding sees nothing either: its scores are all filled."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        pairs = mask[:, None, :, None] * mask[:, None, None, :]  # (B, 1, S, S)
        return scores.masked_fill(pairs == 0, -1e9)


class Scaled(MaskedAttention):
    """The mask is laid on before the scale."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return q @ k.transpose(-2, -1)

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        return super().lay(scores, mask) * 0.35


class Guarded(MaskedAttention):
    """Rows with nothing to see are set to 0 after softmax."""

    def weigh(self, scores: Tensor) -> Tensor:
        return torch.nan_to_num(super().weigh(scores), nan=0.0)


class Triangle(Attention):
    """Causal, by a buffer that is cut to the length, as nanoGPT does."""

    bias: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bias", causal(LONGEST).view(1, 1, LONGEST, LONGEST))

    def weigh(self, scores: Tensor) -> Tensor:
        length = scores.size(-1)
        return super().weigh(scores.masked_fill(self.bias[:, :, :length, :length] == 0, float("-inf")))


class Future(Attention):
    """Causal, by minus infinity above the diagonal, made in forward and added."""

    def weigh(self, scores: Tensor) -> Tensor:
        length = scores.size(-1)
        return super().weigh(scores + torch.full((length, length), float("-inf")).triu(1))


class Positions(Attention):
    """Causal, by comparing positions."""

    def weigh(self, scores: Tensor) -> Tensor:
        at = torch.arange(scores.size(-1))
        return super().weigh(scores.masked_fill(at[None, :] > at[:, None], -1e9))


class CausalPadded(MaskedAttention):
    """Causal and padding, as one mask."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        both = causal(scores.size(-1)) & mask[:, None, None, :].bool()  # (B, 1, S, S)
        return scores.masked_fill(~both, float("-inf"))


class CausalThenPadded(MaskedAttention):
    """Causal and padding, one after the other."""

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        return super().lay(scores.masked_fill(~causal(scores.size(-1)), -1e9), mask)


causal_alone = partial(Form, family="hand-written: masks", samples=samples(x=vectors))
padded = partial(causal_alone, samples=samples(x=vectors, mask=shown), padding=SHOWN)

FORMS = (
    padded("filled with -inf", MaskedAttention),
    padded("filled with -1e4", Finite),
    padded("filled with finfo.min", Lowest),
    padded("added", Added),
    padded("where", Where),
    padded("where, or a full tensor", WhereFull),
    padded("muted by arithmetic", Muted),
    padded("on the weights, their sum restored", Renormalized),
    padded("on the weights alone", AfterSoftmax, attentions=0, refusal="not brought back to a sum of 1"),
    padded("queries masked too", Pairs),
    padded("before the scale", Scaled),
    padded("empty rows set to 0", Guarded),
    causal_alone("causal, a buffer cut to length", Triangle),
    causal_alone("causal, -inf added", Future),
    causal_alone("causal, positions compared", Positions),
    padded("causal and padding at once", CausalPadded),
    padded("causal, then padding", CausalThenPadded),
)
