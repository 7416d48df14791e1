"""Hand-written: where the scores are scaled, and with what."""

from __future__ import annotations

import math
from functools import partial

import torch
from forms.attention import Attention
from forms.form import Form
from forms.inputs import SIZE, samples, vectors
from torch import Tensor


class Buffer(Attention):
    """1 / sqrt(d) is a buffer."""

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor(SIZE**-0.5))

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.transpose(-2, -1)) * self.scale


SCORES = {
    "on the query": lambda q, k: (q / math.sqrt(SIZE)) @ k.transpose(-2, -1),
    "on the keys": lambda q, k: q @ (k * SIZE**-0.5).transpose(-2, -1),
    # As Whisper's first code does.
    "fourth root on both": lambda q, k: (q * SIZE**-0.25) @ (k.transpose(-2, -1) * SIZE**-0.25),
    "on the scores": lambda q, k: (q @ k.transpose(-2, -1)) * SIZE**-0.5,
    "a buffer": None,
    "a tensor made in forward": lambda q, k: (
        (q @ k.transpose(-2, -1)) / torch.sqrt(torch.tensor(float(SIZE)))
    ),
    "none": lambda q, k: q @ k.transpose(-2, -1),  # as in T5
}

FORMS = tuple(
    Form(
        name,
        partial(Attention, score=score) if score else Buffer,
        family="hand-written: scale",
        samples=samples(x=vectors),
    )
    for name, score in SCORES.items()
)
