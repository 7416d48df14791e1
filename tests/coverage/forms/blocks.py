"""Attention inside a block: where its norm stands, and what MLP goes with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from forms.attention import Attention
from forms.form import Form
from forms.inputs import WIDTH, samples, vectors
from torch import Tensor, nn
from torch.nn.functional import gelu, silu


class PreNorm(nn.Module):
    """Norms before attention and MLP (Xiong et al. 2020)."""

    def __init__(self, norm: Callable[[int], nn.Module] = nn.LayerNorm, mlp: nn.Module | None = None) -> None:
        super().__init__()
        self.norm1, self.norm2 = norm(WIDTH), norm(WIDTH)
        self.attention = Attention()
        self.mlp = mlp or nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PostNorm(PreNorm):
    """Norms after the additions, as in the paper of 2017."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.mlp(x))


class Parallel(PreNorm):
    """Attention and MLP side by side (Chowdhery et al. 2022, PaLM, section 2)."""

    def forward(self, x: Tensor) -> Tensor:
        normal = self.norm1(x)
        return x + self.attention(normal) + self.mlp(normal)


class Twice(PreNorm):
    """The same block again, weights shared, as in ALBERT."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(super().forward(x))


class RmsNorm(nn.Module):
    """RMS norm by its formula, as in Llama (Zhang and Sennrich 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class Gated(nn.Module):
    """An MLP with a gate (Shazeer 2020, GLU variants): SwiGLU with silu, GEGLU with gelu."""

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.activation = activation
        self.gate, self.up = (nn.Linear(WIDTH, 2 * WIDTH, bias=False) for _ in range(2))
        self.down = nn.Linear(2 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.activation(self.gate(x)) * self.up(x))


form = partial(Form, family="blocks", samples=samples(x=vectors))

FORMS = (
    form("pre-norm", PreNorm),
    form("post-norm", PostNorm),
    form("RMS norm", lambda: PreNorm(nn.RMSNorm)),
    form("parallel attention and MLP", Parallel),
    form("RMS norm by its formula, SwiGLU", lambda: PreNorm(RmsNorm, Gated(silu))),
    form("GEGLU", lambda: PreNorm(mlp=Gated(gelu))),
    form("shared weights, twice", Twice, attentions=2),
)
