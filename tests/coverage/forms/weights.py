"""Hand-written: from scores to weights, and what else is done with the weights."""

from __future__ import annotations

from functools import partial

import torch
from forms.attention import Attention, causal
from forms.form import Form
from forms.inputs import HEADS, samples, vectors
from torch import Tensor, nn


class Dropout(Attention):
    """Dropout on the weights and on the output, left in."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.1)

    def weigh(self, scores: Tensor) -> Tensor:
        return self.dropout(torch.softmax(scores, dim=-1))

    def join(self, mixed: Tensor) -> Tensor:
        return self.dropout(super().join(mixed))


class Float32(Attention):
    """Softmax in float32, then cast back."""

    def weigh(self, scores: Tensor) -> Tensor:
        return nn.functional.softmax(scores, dim=-1, dtype=torch.float32).type_as(scores)


class Stable(Attention):
    """The largest score is taken off first, as if softmax did not do so itself."""

    def weigh(self, scores: Tensor) -> Tensor:
        return torch.softmax(scores - scores.amax(dim=-1, keepdim=True), dim=-1)


class ByHand(Attention):
    """Softmax by its formula."""

    def weigh(self, scores: Tensor) -> Tensor:
        raised = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
        return raised / raised.sum(dim=-1, keepdim=True)


class Logarithm(Attention):
    """The logarithm of softmax, raised again."""

    def weigh(self, scores: Tensor) -> Tensor:
        return torch.log_softmax(scores, dim=-1).exp()


class Clamped(Attention):
    """Scores are kept within bounds."""

    def weigh(self, scores: Tensor) -> Tensor:
        return super().weigh(scores.clamp(-4, 4))


class Capped(Attention):
    """Scores are kept within bounds smoothly, by tanh (Gemma Team 2024, Gemma 2, section 2)."""

    def weigh(self, scores: Tensor) -> Tensor:
        return super().weigh(4 * torch.tanh(scores / 4))


class CappedCausal(Attention):
    """The same, then causal."""

    def weigh(self, scores: Tensor) -> Tensor:
        capped = 4 * torch.tanh(scores / 4)
        return super().weigh(capped.masked_fill(~causal(scores.size(-1)), -1e9))


class CausalCapped(Attention):
    """The mask first: what it hides comes back within the bounds."""

    def weigh(self, scores: Tensor) -> Tensor:
        hidden = scores.masked_fill(~causal(scores.size(-1)), -1e9)
        return super().weigh(4 * torch.tanh(hidden / 4))


class Returned(Attention):
    """The weights are an output too."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.project(x)
        weights = self.weigh(self.score(q, k))
        return self.output(self.join(self.mix(weights, v))), weights


class Averaged(Returned):
    """The weights are an output, averaged over heads."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        output, weights = super().forward(x)
        return output, weights.mean(dim=1)  # (B, S, S)


class TalkingHeads(Attention):
    """Heads are mixed after softmax (Shazeer et al. 2020, section 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = nn.Conv2d(HEADS, HEADS, kernel_size=1, bias=False)

    def weigh(self, scores: Tensor) -> Tensor:
        return self.talk(super().weigh(scores))


form = partial(Form, family="hand-written: weights", samples=samples(x=vectors))
refused = partial(form, attentions=0)

FORMS = (
    form("dropout left in", Dropout),
    form("softmax in float32, cast back", Float32),
    form("largest score taken off first", Stable),
    form("softmax by its formula", ByHand),
    form("the logarithm of softmax, raised", Logarithm),
    form("scores capped by tanh", Capped),
    form("scores capped by tanh, then causal", CappedCausal),
    refused("causal, then capped by tanh", CausalCapped, refusal="capped by tanh after a mask"),
    refused("scores clamped", Clamped, refusal="its scores go through Clip"),
    form("weights returned too", Returned),
    form("weights returned, averaged", Averaged),
    refused("talking heads", TalkingHeads, refusal="its weights go through Conv"),
)
