"""Attention that looks no further than a window."""

from __future__ import annotations

from functools import partial

import torch
from forms.attention import Attention, MaskedAttention, distance, split, window
from forms.form import Form
from forms.inputs import HEADS, SHOWN, SIZE, WIDTH, Size, samples, shown, vectors
from torch import Tensor, nn

REACH = 3  # positions to each side
WINDOW = 4  # pixels of a side, in Swin
SIDE = 2 * WINDOW  # pixels of the image
SHIFT = WINDOW // 2


def sliding(scores: Tensor) -> Tensor:
    """Let each position see its neighbors (Beltagy et al. 2020, Longformer, section 3.1)."""
    return scores.masked_fill(distance(scores.size(-1)).abs() > REACH, float("-inf")).softmax(-1)


def sliding_causal_padded(scores: Tensor, shown: Tensor) -> Tensor:
    """Let each position see itself and those just before it, unless they are padding (Mistral)."""
    seen = window(scores.size(-1), REACH) & shown.bool()  # (B, 1, S, S)
    return scores.masked_fill(~seen, torch.finfo(scores.dtype).min)


class Indexed(Attention):
    """Each query sees the keys that an indexer finds likeliest (DeepSeek-AI 2025, V3.2, section 2.1)."""

    def __init__(self) -> None:
        super().__init__()
        self.index = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x)
        found = self.choose(self.index(x) @ x.mT)  # (B, S, REACH)
        hidden = torch.ones((*found.shape[:-1], x.size(1)), dtype=torch.bool).scatter(-1, found, False)
        scores = self.score(q, k).masked_fill(hidden[:, None], float("-inf"))
        return self.output(self.join(self.mix(self.weigh(scores), v)))

    def choose(self, scores: Tensor) -> Tensor:
        return scores.topk(REACH).indices


class IndexedInOrder(Indexed):
    """The same where scores may be equal: the first of them, which PyTorch's ``topk`` does not promise."""

    def choose(self, scores: Tensor) -> Tensor:
        return scores.relu().sort(dim=-1, descending=True, stable=True).indices[..., :REACH]


class PooledKeys(Attention):
    """Keys and values of two positions in one (Linformer's pooling, Wang et al. 2020, section 4)."""

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        pooled = nn.functional.max_pool1d(x.mT, 2, ceil_mode=True).mT  # (B, S / 2, W)
        return split(self.query(x)), split(self.key(pooled)), split(self.value(pooled))


class Blocks(Attention):
    """Blocks of equal length, each attending within itself; the length is padded to whole blocks."""

    def forward(self, x: Tensor) -> Tensor:
        length = x.size(1)
        padded = nn.functional.pad(x, (0, 0, 0, -length % WINDOW))
        blocks = padded.reshape(-1, WINDOW, WIDTH)  # (B * blocks, WINDOW, W)
        return super().forward(blocks).reshape(x.size(0), -1, WIDTH)[:, :length]  # (B, S, W)


class Swin(Attention):
    """Windows of an image with a learned relative bias (Liu et al. 2021, section 3.2)."""

    def __init__(self, shift: int = 0) -> None:
        super().__init__()
        self.shift = shift
        self.table = nn.Parameter(torch.zeros((2 * WINDOW - 1) ** 2, HEADS))
        self.register_buffer("index", _relative_index(), persistent=False)
        self.register_buffer("mask", _shift_mask(shift), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        shifted = image.roll((-self.shift, -self.shift), dims=(1, 2))
        mixed = _joined(super().forward(_windows(shifted)))  # (B, SIDE, SIDE, W)
        return mixed.roll((self.shift, self.shift), dims=(1, 2))

    def weigh(self, scores: Tensor) -> Tensor:
        bias = self.table[self.index.view(-1)].view(WINDOW**2, WINDOW**2, HEADS).permute(2, 0, 1)
        scores = scores + bias[None]  # (B * windows, H, WINDOW^2, WINDOW^2)
        if self.shift:
            grouped = scores.view(-1, self.mask.size(0), HEADS, WINDOW**2, WINDOW**2)
            scores = (grouped + self.mask[None, :, None]).view_as(scores)
        return super().weigh(scores)


class RowsAndColumns(Attention):
    """All pixels, with learned vectors for each distance by row and by column (Li et al. 2022, ViTDet)."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.columns = (nn.Parameter(torch.zeros(2 * SIDE - 1, SIZE)) for _ in range(2))

    def forward(self, image: Tensor) -> Tensor:
        q, k, v = self.project(image.flatten(1, 2))  # (B, H, SIDE^2, D)
        scores = self.place(self.score(q, k), q)
        return self.output(self.join(self.mix(self.weigh(scores), v))).view_as(image)

    def place(self, scores: Tensor, q: Tensor) -> Tensor:
        away = distance(SIDE) + SIDE - 1
        pixels = q.unflatten(2, (SIDE, SIDE))  # (B, H, SIDE, SIDE, D)
        by_row = torch.einsum("bnhwc,hkc->bnhwk", pixels, self.rows[away])
        by_column = torch.einsum("bnhwc,wkc->bnhwk", pixels, self.columns[away])
        grid = scores.view(*pixels.shape[:-1], SIDE, SIDE)
        return (grid + by_row[..., :, None] + by_column[..., None, :]).view_as(scores)


class Pooled(RowsAndColumns):
    """Queries pooled by a convolution, added again after attention; a class token beside (Li et al. 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.pool = nn.Conv2d(SIZE, SIZE, 3, padding=1, groups=SIZE)

    def forward(self, image: Tensor) -> Tensor:
        first = self.first.expand(image.size(0), -1, -1)
        x = torch.cat([first, image.flatten(1, 2)], 1)  # (B, 1 + SIDE^2, W)
        q, k, v = self.project(x)
        pixels = q[:, :, 1:].transpose(2, 3).reshape(-1, SIZE, SIDE, SIDE)  # (B * H, D, SIDE, SIDE)
        pooled = self.pool(pixels).view(-1, HEADS, SIZE, SIDE**2).transpose(2, 3)
        scores = self.score(torch.cat([q[:, :, :1], pooled], 2), k)
        scores[:, :, 1:, 1:] = self.place(scores[:, :, 1:, 1:], pooled)
        mixed = self.mix(self.weigh(scores), v)
        mixed[:, :, 1:] += pooled
        return self.output(self.join(mixed))


def _windows(image: Tensor) -> Tensor:
    parts = image.view(-1, SIDE // WINDOW, WINDOW, SIDE // WINDOW, WINDOW, image.size(-1))
    return parts.transpose(2, 3).reshape(-1, WINDOW**2, image.size(-1))  # (B * windows, WINDOW^2, W)


def _joined(windows: Tensor) -> Tensor:
    parts = windows.view(-1, SIDE // WINDOW, SIDE // WINDOW, WINDOW, WINDOW, windows.size(-1))
    return parts.transpose(2, 3).reshape(-1, SIDE, SIDE, windows.size(-1))  # (B, SIDE, SIDE, W)


def _relative_index() -> Tensor:
    at = torch.stack(torch.meshgrid(torch.arange(WINDOW), torch.arange(WINDOW), indexing="ij")).flatten(1)
    rows, columns = at[:, :, None] - at[:, None, :] + WINDOW - 1  # (WINDOW^2, WINDOW^2)
    return rows * (2 * WINDOW - 1) + columns


def _shift_mask(shift: int) -> Tensor:
    """Hide what a shift has wrapped round to the other side of the image."""
    region = torch.zeros(SIDE)
    region[SIDE - WINDOW :], region[SIDE - shift :] = 1, 2
    parts = _windows((3 * region[:, None] + region)[None, :, :, None]).squeeze(-1)  # (windows, WINDOW^2)
    return (parts[:, None, :] != parts[:, :, None]) * -100.0  # (windows, WINDOW^2, WINDOW^2)


def _image(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, SIDE, SIDE, WIDTH, generator=draw)


form = partial(Form, family="windows", samples=samples(x=vectors))

FORMS = (
    form("keys and values pooled along the sequence", PooledKeys),
    form("sliding window", partial(Attention, weigh=sliding)),
    form(
        "sliding window, causal and padding",
        partial(MaskedAttention, lay=sliding_causal_padded),
        samples=samples(x=vectors, mask=shown),
        padding=SHOWN,
    ),
    form("keys that an indexer chooses", Indexed),
    form("keys that an indexer chooses, equals in order", IndexedInOrder),
    form("blocks of equal length", Blocks),
    form("Swin's windows", Swin, samples=samples(image=_image)),
    form("Swin's shifted windows", lambda: Swin(SHIFT), samples=samples(image=_image)),
    form("relative by row and column", RowsAndColumns, samples=samples(image=_image)),
    form("pooled queries, a class token", Pooled, samples=samples(image=_image)),
)
