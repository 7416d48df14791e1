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

LOWEST = torch.finfo(torch.float32).min


class Plain(Attention):
    """The call alone; a form adds its arguments."""

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.join(self.attend(*self.project(x))))

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v)  # (B, H, S, D)


class Grouped(Plain):
    """Several queries' heads share one of the keys and values."""

    def __init__(self, heads: int, **steps: Callable[..., Tensor]) -> None:
        super().__init__(**steps)
        self.heads = heads
        self.key, self.value = (nn.Linear(WIDTH, heads * WIDTH // HEADS) for _ in range(2))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return split(self.query(x)), split(self.key(x), self.heads), split(self.value(x), self.heads)


class ThreeAxes(Plain):
    """Without heads."""

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.query(x), self.key(x), self.value(x)  # (B, S, W)

    def join(self, mixed: Tensor) -> Tensor:
        return mixed


class ThreeAxesMasked(ThreeAxes):
    """Without heads, the padding mask of three axes."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.project(x)
        return self.output(scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, :] > 0))


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


class Masked(Plain):
    """attn_mask made from a padding mask, as bool (B, 1, 1, S), and from the length."""

    def __init__(self, lay: Callable[[Tensor, int], Tensor]) -> None:
        super().__init__()
        self.lay = lay

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        laid = self.lay(mask[:, None, None, :].bool(), x.size(1))
        mixed = scaled_dot_product_attention(*self.project(x), attn_mask=laid)
        return self.output(self.join(mixed))


def packed() -> list[Inputs]:
    draw = torch.Generator().manual_seed(1)
    lengths = (3, 5), (4, 1, 6), (9,), (2, 3, 4, 7)
    return [{"x": torch.randn(sum(n), WIDTH, generator=draw), "lengths": torch.tensor(n)} for n in lengths]


def by_heads(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attend with a penalty for distance (Press et al. 2022), its slope a head's own."""
    slopes = 2.0 ** -torch.arange(1, HEADS + 1)[:, None, None]
    return scaled_dot_product_attention(q, k, v, attn_mask=-slopes * distance(q.size(-2)).abs())


def called(build: Callable[..., Plain] = Plain, **arguments: object) -> partial[Plain]:
    """Return what builds a form whose call has these arguments."""
    return partial(build, attend=partial(scaled_dot_product_attention, **arguments))


form = partial(Form, family="sdpa", samples=samples(x=vectors))
padded = partial(form, samples=samples(x=vectors, mask=shown), padding=SHOWN)
half = partial(Grouped, HEADS // 2)

FORMS = (
    form("query, key, value", Plain),
    form("is_causal", called(is_causal=True)),
    form("scale", called(scale=0.25)),
    form("dropout_p", called(dropout_p=0.0)),  # as it is in eval mode
    form("enable_gqa", called(half, enable_gqa=True)),
    form("enable_gqa, is_causal", called(half, is_causal=True, enable_gqa=True)),
    form("three axes", ThreeAxes),
    padded("three axes, attn_mask (B, 1, S)", ThreeAxesMasked),
    form("five axes", Frames),
    padded("five axes, attn_mask (B, 1, 1, 1, S)", FramesMasked),
    form("one head of keys, without enable_gqa", partial(Grouped, 1)),  # which broadcasting makes up for
    form("within packed sequences", Packed, samples=packed),
    form("keys without a batch", Memory),
    form(
        "by keywords",
        partial(
            Plain,
            attend=lambda q, k, v: scaled_dot_product_attention(query=q, key=k, value=v, is_causal=True),
        ),
    ),
    form(
        "attn_mask (S, S)",
        partial(
            Plain,
            attend=lambda q, k, v: scaled_dot_product_attention(q, k, v, attn_mask=causal(q.size(-2))),
        ),
    ),
    form("attn_mask (H, S, S)", partial(Plain, attend=by_heads)),
    padded("attn_mask bool (B, 1, 1, S)", lambda: Masked(lambda seen, _: seen)),
    padded("attn_mask float, finfo.min", lambda: Masked(lambda seen, _: torch.where(seen, 0.0, LOWEST))),
    padded(
        "attn_mask float, -inf",
        lambda: Masked(
            lambda seen, _: torch.zeros_like(seen, dtype=torch.float32).masked_fill(~seen, float("-inf"))
        ),
    ),
    padded("attn_mask (B, H, S, S)", lambda: Masked(lambda seen, length: seen.expand(-1, HEADS, length, -1))),
    padded("attn_mask 1.0 - whole numbers", lambda: Masked(lambda seen, _: (1.0 - seen.long()) * LOWEST)),
    padded(  # every query sees itself
        "attn_mask a sum of bools",
        lambda: Masked(lambda seen, length: seen + torch.eye(length, dtype=torch.bool)),
    ),
    padded("attn_mask causal and padding", lambda: Masked(lambda seen, length: seen & causal(length))),
)
