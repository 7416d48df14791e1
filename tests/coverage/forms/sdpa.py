"""torch.nn.functional.scaled_dot_product_attention, with each of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from forms.attention import Attention, causal, distance, split
from forms.form import Form, Inputs
from forms.inputs import HEADS, SHOWN, WIDTH, samples, shown, vectors
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class Plain(Attention):
    """The call alone; a form adds its arguments."""

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.join(self.attend(*self.project(x))))

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v)  # (B, H, S, D)


class Causal(Plain):
    """is_causal."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, is_causal=True)


class Scale(Plain):
    """scale."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, scale=0.25)


class Dropout(Plain):
    """dropout_p, 0 in eval mode."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, dropout_p=0.1 if self.training else 0.0)


class Grouped(Plain):
    """enable_gqa: two queries' heads share one of the keys and values."""

    def __init__(self) -> None:
        super().__init__()
        self.key, self.value = (nn.Linear(WIDTH, WIDTH // 2) for _ in range(2))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return split(self.query(x)), split(self.key(x), HEADS // 2), split(self.value(x), HEADS // 2)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, enable_gqa=True)


class GroupedCausal(Grouped):
    """enable_gqa with is_causal."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)


class ThreeAxes(Plain):
    """Without heads."""

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.query(x), self.key(x), self.value(x)  # (B, S, W)

    def join(self, mixed: Tensor) -> Tensor:
        return mixed


class Frames(Plain):
    """Five axes: attention within each of three frames."""

    def forward(self, x: Tensor) -> Tensor:
        return self.within(x)

    def within(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        frames = torch.stack([x, x.sin(), x.cos()], 1)  # (B, F, S, W)
        layers = self.query, self.key, self.value
        q, k, v = (layer(frames).unflatten(-1, (HEADS, -1)).transpose(2, 3) for layer in layers)
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=mask)  # (B, F, H, S, D)
        return self.output(mixed.transpose(2, 3).flatten(3)).sum(1)


class FramesMasked(Frames):
    """The same with a padding mask that all frames share."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.within(x, mask[:, None, None, None, :] > 0)


class MultiQuery(Plain):
    """Keys and values of one head, which broadcasting makes up for."""

    def __init__(self) -> None:
        super().__init__()
        self.key, self.value = (nn.Linear(WIDTH, WIDTH // HEADS) for _ in range(2))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return split(self.query(x)), self.key(x)[:, None], self.value(x)[:, None]  # (B, 1, S, D)


class Packed(Plain):
    """Within each of several sequences that stand one behind the other, as many as an input says."""

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        sequences = zip(*(part.split(lengths.tolist(), -2) for part in self.project(x[None])), strict=True)
        mixed = torch.cat([self.attend(*sequence) for sequence in sequences], -2)  # (1, H, S, D)
        return self.output(self.join(mixed))[0]


class Memory(Plain):
    """Learned keys and values (H, M, D), the same for every row of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = nn.Parameter(torch.randn(2, HEADS, 5, WIDTH // HEADS))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return split(self.query(x)), self.memory[0], self.memory[1]


class ByName(Plain):
    """Called by keywords alone."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(query=q, key=k, value=v, is_causal=True)


class HeadBias(Plain):
    """attn_mask of the heads, the queries and the keys: a penalty for distance (Press et al. 2022)."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        slopes = 2.0 ** -torch.arange(1, HEADS + 1)[:, None, None]
        return scaled_dot_product_attention(q, k, v, attn_mask=-slopes * distance(q.size(-2)).abs())


class ThreeAxesMasked(ThreeAxes):
    """Without heads, the padding mask of three axes."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.project(x)
        return self.output(scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, :] > 0))


class FixedMask(Plain):
    """attn_mask of the queries by the keys alone."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, attn_mask=causal(q.size(-2)))


class Masked(Plain):
    """attn_mask made from a padding mask (B, S), 1 where a key is shown."""

    def __init__(self, lay: Callable[[Tensor, int], Tensor]) -> None:
        super().__init__()
        self.lay = lay

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        laid = self.lay(mask[:, None, None, :].bool(), x.size(1))
        mixed = scaled_dot_product_attention(*self.project(x), attn_mask=laid)
        return self.output(self.join(mixed))


def _packed() -> list[Inputs]:
    draw = torch.Generator().manual_seed(1)
    lengths = (3, 5), (4, 1, 6), (9,), (2, 3, 4, 7)
    return [{"x": torch.randn(sum(n), WIDTH, generator=draw), "lengths": torch.tensor(n)} for n in lengths]


def _boolean(seen: Tensor, _: int) -> Tensor:
    return seen  # (B, 1, 1, S)


def _lowest(seen: Tensor, _: int) -> Tensor:
    return torch.where(seen, 0.0, torch.finfo(torch.float32).min)


def _minus_infinity(seen: Tensor, _: int) -> Tensor:
    return torch.zeros_like(seen, dtype=torch.float32).masked_fill(~seen, float("-inf"))


def _by_query(seen: Tensor, length: int) -> Tensor:
    return seen.expand(-1, HEADS, length, -1)  # (B, H, S, S)


def _whole_number(seen: Tensor, _: int) -> Tensor:
    return (1.0 - seen.long()) * torch.finfo(torch.float32).min


def _or(seen: Tensor, length: int) -> Tensor:
    return seen + torch.eye(length, dtype=torch.bool)  # every query sees itself


def _causal(seen: Tensor, length: int) -> Tensor:
    return seen & causal(length)  # (B, 1, S, S)


form = partial(Form, family="sdpa", samples=samples(x=vectors))
padded = partial(form, samples=samples(x=vectors, mask=shown), padding=SHOWN)

FORMS = (
    form("query, key, value", Plain),
    form("is_causal", Causal),
    form("scale", Scale),
    form("dropout_p", Dropout),
    form("enable_gqa", Grouped),
    form("enable_gqa, is_causal", GroupedCausal),
    form("three axes", ThreeAxes),
    padded("three axes, attn_mask (B, 1, S)", ThreeAxesMasked),
    form("five axes", Frames),
    padded("five axes, attn_mask (B, 1, 1, 1, S)", FramesMasked),
    form("one head of keys, without enable_gqa", MultiQuery),
    form("within packed sequences", Packed, samples=_packed),
    form("keys without a batch", Memory),
    form("by keywords", ByName),
    form("attn_mask (S, S)", FixedMask),
    form("attn_mask (H, S, S)", HeadBias),
    padded("attn_mask bool (B, 1, 1, S)", lambda: Masked(_boolean)),
    padded("attn_mask float, finfo.min", lambda: Masked(_lowest)),
    padded("attn_mask float, -inf", lambda: Masked(_minus_infinity)),
    padded("attn_mask (B, H, S, S)", lambda: Masked(_by_query)),
    padded("attn_mask 1.0 - whole numbers", lambda: Masked(_whole_number)),
    padded("attn_mask a sum of bools", lambda: Masked(_or)),
    padded("attn_mask causal and padding", lambda: Masked(_causal)),
)
