"""Hand-written: where the scores are scaled, and with what."""

from __future__ import annotations

import math
from functools import partial

import torch
from forms.attention import Attention
from forms.form import Form
from forms.inputs import SIZE, samples, vectors
from torch import Tensor


class OnQuery(Attention):
    """The query is scaled before the product."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return (q / math.sqrt(SIZE)) @ k.transpose(-2, -1)


class OnKeys(Attention):
    """The keys are scaled before the product."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return q @ (k * SIZE**-0.5).transpose(-2, -1)


class OnBoth(Attention):
    """Query and keys take the fourth root each, as Whisper's first code does."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return (q * SIZE**-0.25) @ (k.transpose(-2, -1) * SIZE**-0.25)


class OnScores(Attention):
    """The product is multiplied with a number."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.transpose(-2, -1)) * SIZE**-0.5


class Buffer(Attention):
    """1 / sqrt(d) is a buffer."""

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor(SIZE**-0.5))

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.transpose(-2, -1)) * self.scale


class ComputedConstant(Attention):
    """sqrt(d) is a tensor made in forward."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.transpose(-2, -1)) / torch.sqrt(torch.tensor(float(SIZE)))


class Unscaled(Attention):
    """No scale, as in T5."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return q @ k.transpose(-2, -1)


form = partial(Form, family="hand-written: scale", samples=samples(x=vectors))

FORMS = (
    form("on the query", OnQuery),
    form("on the keys", OnKeys),
    form("fourth root on both", OnBoth),
    form("on the scores", OnScores),
    form("a buffer", Buffer),
    form("a tensor made in forward", ComputedConstant),
    form("none", Unscaled),
)
