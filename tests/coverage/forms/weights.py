"""Hand-written: from scores to weights, and what else is done with the weights."""

from __future__ import annotations

from functools import partial

import torch
from forms.attention import Attention, ReturningAttention, hide_future
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


class Averaged(ReturningAttention):
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


def in_float32(scores: Tensor) -> Tensor:
    return nn.functional.softmax(scores, dim=-1, dtype=torch.float32).type_as(scores)


def lowered(scores: Tensor) -> Tensor:
    """Take the largest score off first, as if softmax did not do so itself."""
    return torch.softmax(scores - scores.amax(dim=-1, keepdim=True), dim=-1)


def by_hand(scores: Tensor) -> Tensor:
    raised = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    return raised / raised.sum(dim=-1, keepdim=True)


def capped(scores: Tensor) -> Tensor:
    """Keep scores within bounds smoothly (Gemma Team 2024, Gemma 2, section 2)."""
    return 4 * torch.tanh(scores / 4)


form = partial(Form, family="hand-written: weights", samples=samples(x=vectors))
refused = partial(form, attentions=0)


def weighed(by: object) -> partial[Attention]:
    return partial(Attention, weigh=by)


FORMS = (
    form("dropout left in", Dropout),
    form("softmax in float32, cast back", weighed(in_float32)),
    form("largest score taken off first", weighed(lowered)),
    form("softmax by its formula", weighed(by_hand)),
    form("the logarithm of softmax, raised", weighed(lambda scores: torch.log_softmax(scores, dim=-1).exp())),
    form("scores capped by tanh", weighed(lambda scores: capped(scores).softmax(-1))),
    form(
        "scores capped by tanh, then causal",
        weighed(lambda scores: hide_future(capped(scores), -1e9).softmax(-1)),
    ),
    refused(  # what the mask hides comes back within the bounds
        "causal, then capped by tanh",
        weighed(lambda scores: capped(hide_future(scores, -1e9)).softmax(-1)),
        refusal="capped by tanh after a mask",
    ),
    refused(
        "scores clamped",
        weighed(lambda scores: scores.clamp(-4, 4).softmax(-1)),
        refusal="its scores go through Clip",
    ),
    form("weights returned too", ReturningAttention),
    form("weights returned, averaged", Averaged),
    refused("talking heads", TalkingHeads, refusal="its weights go through Conv"),
)
