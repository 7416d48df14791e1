"""Small modules with attention in the spellings that people hand to PyTorch's older exporter."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

WIDTH, HEADS = 16, 2
SIZE = WIDTH // HEADS
LONGEST = 32  # positions in the causal table


class Layers(nn.Module):
    """The four linear layers of an attention."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def split(self, x: Tensor, memory: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        memory = x if memory is None else memory
        sources = ((self.query, x), (self.key, memory), (self.value, memory))
        q, k, v = (
            layer(source).view(source.size(0), source.size(1), HEADS, SIZE).transpose(1, 2)  # (B, H, S, D)
            for layer, source in sources
        )
        return q, k, v

    def joined(self, mixed: Tensor) -> Tensor:
        b, _, s, _ = mixed.shape
        joined: Tensor = self.output(mixed.transpose(1, 2).contiguous().view(b, s, WIDTH))
        return joined


class ByHand(Layers):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(x)
        return self.joined((q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))).softmax(-1) @ v)


class Padded(Layers):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.split(x)
        scores = (q @ k.transpose(-2, -1) / math.sqrt(SIZE)).masked_fill(mask[:, None, None, :] == 0, -1e9)
        return self.joined(scores.softmax(-1) @ v)


class Causal(Layers):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.ones(LONGEST, LONGEST, dtype=torch.bool).tril())

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(x)
        seen = self.get_buffer("seen")[: x.size(1), : x.size(1)]
        scores = (q @ k.transpose(-2, -1) / math.sqrt(SIZE)).masked_fill(~seen, -1e9)
        return self.joined(scores.softmax(-1) @ v)


class ClassToken(ByHand):
    """A sequence that grows by one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.randn(1, LONGEST, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([self.first.expand(x.size(0), -1, -1), x], 1)  # (B, S + 1, W)
        return super().forward(x + self.positions[:, : x.size(1)])


class SharedHead(Layers):
    """Keys and values of one head, expanded to all of them."""

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(x)
        b, _, s, d = q.shape
        k, v = (t[:, :1, None].expand(b, 1, HEADS, s, d).reshape(b, HEADS, s, d) for t in (k, v))
        return self.joined((q @ k.transpose(-2, -1) / math.sqrt(SIZE)).softmax(-1) @ v)


class Folded(Layers):
    """Heads folded into the batch, for bmm."""

    def forward(self, x: Tensor) -> Tensor:
        b, s, _ = x.shape
        q, k, v = (t.reshape(b * HEADS, s, SIZE) for t in self.split(x))
        mixed = torch.bmm((torch.bmm(q, k.transpose(1, 2)) / math.sqrt(SIZE)).softmax(-1), v)
        return self.joined(mixed.view(b, HEADS, s, SIZE))


class Windows(ByHand):
    """Attention within windows of four positions."""

    def forward(self, x: Tensor) -> Tensor:
        b, s, w = x.shape
        inside = super().forward(x.view(b, s // 4, 4, w).reshape(-1, 4, w))
        return inside.view(b, s // 4, 4, w).reshape(b, s, w)


class Crossed(Layers):
    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        q, k, v = self.split(x, memory)
        return self.joined((q @ k.transpose(-2, -1) / math.sqrt(SIZE)).softmax(-1) @ v)


class Picked(Layers):
    """As many keys as values, which nobody can know: both are picked by what the input holds."""

    def forward(self, x: Tensor) -> Tensor:
        large = x[0, :, 0].abs()  # (S,)
        keys, values = x[:, (large >= 0).nonzero()[:, 0]], x[:, (-large <= 0).nonzero()[:, 0]]
        q, k, _ = self.split(x, keys)
        v = self.split(x, values)[2]
        return self.joined((q @ k.transpose(-2, -1) / math.sqrt(SIZE)).softmax(-1) @ v)


class Builtin(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return self.joined(scaled_dot_product_attention(*self.split(x)))


class BuiltinCausal(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return self.joined(scaled_dot_product_attention(*self.split(x), is_causal=True))


class BuiltinPadded(Layers):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        seen = mask[:, None, None, :] != 0
        return self.joined(scaled_dot_product_attention(*self.split(x), attn_mask=seen))


class MultiHead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


class MultiHeadWeights(MultiHead):
    """The weights are asked for, as by default, and not used: a spelling of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x)[0]


class EncoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class EncoderLayerPadded(EncoderLayer):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.layer(x, src_key_padding_mask=mask == 0)
