"""Hand-written: a score beside those of the keys, to which no value belongs."""

from __future__ import annotations

from functools import partial

import torch
from forms.attention import Attention, MaskedAttention, ReturningAttention, window
from forms.form import Form
from forms.heads import Grouped
from forms.inputs import HEADS, SHOWN, WIDTH, samples, shown, vectors
from torch import Tensor, nn

REACH = 3  # positions, in a window
LOWEST = torch.finfo(torch.float32).min


class Learned(Attention):
    """Each head may look at nothing: a learned score that has no value (Xiao et al. 2023; GPT-OSS)."""

    def __init__(self) -> None:
        super().__init__()
        self.sink = nn.Parameter(torch.zeros(HEADS, 1, 1))

    def weigh(self, scores: Tensor) -> Tensor:
        sink = self.sink.expand(scores.size(0), -1, scores.size(2), -1)  # (B, H, S, 1)
        return super().weigh(torch.cat([scores, sink], dim=-1))[..., :-1]


class First(Learned):
    """The same before the keys, the largest score taken off."""

    def weigh(self, scores: Tensor) -> Tensor:
        sink = self.sink.expand(scores.size(0), -1, scores.size(2), -1)  # (B, H, S, 1)
        both = torch.cat([sink, scores], dim=-1)
        return torch.softmax(both - both.amax(dim=-1, keepdim=True), dim=-1)[..., 1:]


class OfQuery(Attention):
    """Each query has its own."""

    def __init__(self) -> None:
        super().__init__()
        self.sink = nn.Linear(WIDTH, HEADS)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x)
        sink = self.sink(x).transpose(1, 2)[..., None]  # (B, H, S, 1)
        weights = torch.softmax(torch.cat([self.score(q, k), sink], dim=-1), dim=-1)[..., :-1]
        return self.output(self.join(self.mix(weights, v)))


class Capped(Learned):
    """Beside scores that tanh caps."""

    def weigh(self, scores: Tensor) -> Tensor:
        return super().weigh(4 * torch.tanh(scores / 4))


class WindowedGrouped(Learned, Grouped, MaskedAttention):
    """Beside a causal window, two queries sharing keys, and padding: GPT-OSS's layers."""

    def lay(self, scores: Tensor, shown: Tensor) -> Tensor:
        seen = window(scores.size(-1), REACH) & shown.bool()  # (B, 1, S, S)
        return scores + torch.where(seen, 0.0, LOWEST)


class Returned(Learned, ReturningAttention):
    """The weights are an output too."""


form = partial(Form, family="hand-written: sinks", samples=samples(x=vectors))

FORMS = (
    form("a learned sink", Learned),
    form("before the keys, largest score taken off", First),
    form("of each query", OfQuery),
    form("with capped scores", Capped),
    form(
        "sliding window, grouped queries, padding",
        WindowedGrouped,
        samples=samples(x=vectors, mask=shown),
        padding=SHOWN,
    ),
    form("weights returned too", Returned),
)
