"""Small decoders of many forms: positions and masks as they are written, and models without a step form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

WIDTH, HEADS, SIZE = 16, 4, 4
VOCABULARY, LONGEST = 40, 32
PADDING = 0

Mix = Callable[[Tensor, Tensor, Tensor], Tensor]


class Block(nn.Module):
    """Attention and an MLP; ``mix`` makes (B, H, S, D) of a query like it, keys and values (B, G, S, D)."""

    def __init__(self, mix: Mix, key_heads: int) -> None:
        super().__init__()
        self.query, self.output = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.key, self.value = (nn.Linear(WIDTH, key_heads * SIZE) for _ in range(2))
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.mix = mix

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        q, k, v = (
            layer(y).unflatten(-1, (-1, SIZE)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        x = x + self.output(self.mix(q, k, v).transpose(1, 2).flatten(2))  # (B, S, W)
        return x + self.down(nn.functional.gelu(self.up(x)))


class Decoder(nn.Module):
    """Blocks of one kind; ``place`` gives positions to (B, S, W)."""

    def __init__(
        self, mix: Mix, place: Callable[[Tensor], Tensor], key_heads: int = HEADS, blocks: int = 1
    ) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)
        self.place = place
        self.blocks = nn.Sequential(*(Block(mix, key_heads) for _ in range(blocks)))

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        return {"logits": self.head(self.blocks(self.place(self.embed(tokens))))}


class Learned(nn.Module):
    """A table of positions, looked up; its first rows serve something else."""

    def __init__(self, offset: int = 0) -> None:
        super().__init__()
        self.table = nn.Embedding(LONGEST, WIDTH)
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table(torch.arange(x.size(1)) + self.offset)


class Indexed(nn.Module):
    """A table of positions, indexed by a number a token of each row."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(LONGEST, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[torch.arange(x.size(1)).expand(x.size(0), -1)]


class Cut(nn.Module):
    """A table of positions, cut to the length."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", _sinusoids(LONGEST))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.size(1)]


class Lower(nn.Module):
    """A causal mask kept as a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.ones(LONGEST, LONGEST).tril().view(1, 1, LONGEST, LONGEST))

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        length = q.size(2)
        masked_out = self.seen[:, :, :length, :length] == 0
        return _scores(q, k).masked_fill(masked_out, -math.inf).softmax(-1) @ v


class Relative(nn.Module):
    """A learned bias a head for each distance, the longest being one."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(6, HEADS)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        distance = _distance(q)
        bias = self.table(distance.clamp(0, 5)).permute(2, 0, 1)[None]  # (1, H, S, S)
        return (_scores(q, k) + bias).masked_fill(distance < 0, -math.inf).softmax(-1) @ v


class Sink(nn.Module):
    """A window of 4 and a learned score beside it for each head, as in GPT-OSS; scores are capped."""

    def __init__(self) -> None:
        super().__init__()
        self.sink = nn.Parameter(torch.randn(HEADS, 1, 1))

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        k, v = (x.repeat_interleave(HEADS // x.size(1), dim=1) for x in (k, v))
        distance = _distance(q)
        capped = 2 * torch.tanh(_scores(q, k) / 2)
        scores = capped.masked_fill((distance < 0) | (distance >= 4), -math.inf)
        sink = self.sink.expand(q.size(0), -1, q.size(2), -1)  # (B, H, S, 1)
        return torch.cat([scores, sink], -1).softmax(-1)[..., :-1] @ v


class AlibiTable(nn.Module):
    """ALiBi's bias for the longest text, cut to the query; ``cut`` makes (..., H, S, S) of (H, L, L)."""

    def __init__(self, cut: Callable[[Tensor, int], Tensor]) -> None:
        super().__init__()
        place = torch.arange(LONGEST)
        distance = place[:, None] - place[None, :]
        slopes = 2.0 ** -torch.arange(1, HEADS + 1).view(HEADS, 1, 1)
        self.register_buffer("bias", (-distance * slopes).masked_fill(distance < 0, -math.inf))
        self.cut = cut

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=self.cut(self.bias, q.size(2)))


class ByPadding(nn.Module):
    """A decoder whose mask also masks out the padding among its own tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        x = self.embed(tokens).unflatten(-1, (HEADS, SIZE)).transpose(1, 2)
        masked_out = (_distance(x) < 0) | (tokens == PADDING)[:, None, None, :]
        mixed = _scores(x, x).masked_fill(masked_out, -1e9).softmax(-1) @ x
        return {"logits": self.head(mixed.transpose(1, 2).flatten(2))}


class Cross(nn.Module):
    """Attention by hand from x to memory."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x: Tensor, memory: Tensor, masked_out: Tensor) -> Tensor:
        q, k, v = (
            layer(t).unflatten(-1, (HEADS, SIZE)).transpose(1, 2)
            for layer, t in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        mixed = _scores(q, k).masked_fill(masked_out, -math.inf).softmax(-1) @ v
        return x + self.output(mixed.transpose(1, 2).flatten(2))


class EncoderDecoder(nn.Module):
    """One block each; the source's padding is masked out."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)
        self.place = Cut()
        self.encode, self.decode, self.cross = Cross(), Cross(), Cross()

    def forward(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        padding = (source == PADDING)[:, None, None, :]
        memory = self.place(self.embed(source))
        memory = self.encode(memory, memory, padding)
        x = self.place(self.embed(target))
        future = torch.ones(x.size(1), x.size(1), dtype=torch.bool).triu(1)
        return {"logits": self.head(self.cross(self.decode(x, x, future), memory, padding))}


def _from_the_end(table: Tensor, length: int) -> Tensor:
    return table[:, table.size(1) - length :, table.size(2) - length :]


def _picked(table: Tensor, length: int) -> Tensor:
    place = torch.arange(length)
    return table[:, place[:, None], place[None, :]]


def _scores(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT / math.sqrt(SIZE)


def _distance(q: Tensor) -> Tensor:
    place = torch.arange(q.size(2))
    return place[:, None] - place[None, :]  # (S, S): how far a key lies before its query


def _sinusoids(length: int) -> Tensor:
    angle = torch.arange(length)[:, None] * 10.0 ** -torch.linspace(0, 2, WIDTH // 2)
    return torch.cat((angle.sin(), angle.cos()), -1)


def _computed(x: Tensor) -> Tensor:
    return x + _sinusoids(x.size(1))


def _shifted(x: Tensor) -> Tensor:
    return x + nn.functional.pad(x, (0, 0, 1, 0))[:, :-1]  # each position also sees the one before it


def _upper(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (_scores(q, k) + torch.full((q.size(2), q.size(2)), -math.inf).triu(1)).softmax(-1) @ v


def _alibi(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    distance = _distance(q)
    slopes = 2.0 ** -torch.arange(1, HEADS + 1).view(1, HEADS, 1, 1)
    return (_scores(q, k) - distance * slopes).masked_fill(distance < 0, -math.inf).softmax(-1) @ v


def _window(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    distance = _distance(q)
    seen = (distance >= 0) & (distance < 4)
    return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)


def _own_sink(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = _scores(q, k).masked_fill(_distance(q) < 0, -math.inf)
    return torch.cat([scores, q.mean(-1, keepdim=True)], -1).softmax(-1)[..., :-1] @ v


def _rotary(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    angle = torch.arange(q.size(2))[:, None] * torch.tensor([1.0, 0.1, 1.0, 0.1])  # (S, D)
    q, k = (
        x * angle.cos() + torch.cat((-x[..., SIZE // 2 :], x[..., : SIZE // 2]), -1) * angle.sin()
        for x in (q, k)
    )
    k, v = (x.repeat_interleave(HEADS // x.size(1), dim=1) for x in (k, v))
    return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def _single(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return _upper(q, k.expand(-1, HEADS, -1, -1), v.expand(-1, HEADS, -1, -1))


def _causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def _everywhere(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return nn.functional.scaled_dot_product_attention(q, k, v)


def _weighed_twice(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    weights = _scores(q, k).masked_fill(_distance(q) < 0, -math.inf).softmax(-1)
    return weights @ v + weights.amax(-1, keepdim=True)


MODELS: Mapping[str, Callable[[], nn.Module]] = {
    "learned": lambda: Decoder(Lower(), Learned(), blocks=2),
    "indexed": lambda: Decoder(_causal, Indexed()),
    "cut": lambda: Decoder(_upper, Cut()),
    "computed": lambda: Decoder(_causal, _computed),
    "offset": lambda: Decoder(_causal, Learned(offset=2)),
    "rotary": lambda: Decoder(_rotary, nn.Identity(), key_heads=2, blocks=2),
    "single": lambda: Decoder(_single, _computed, key_heads=1, blocks=2),
    "alibi": lambda: Decoder(_alibi, nn.Identity()),
    "alibi from the end": lambda: Decoder(AlibiTable(_from_the_end), nn.Identity()),
    "alibi picked": lambda: Decoder(AlibiTable(_picked), nn.Identity()),
    "relative": lambda: Decoder(Relative(), nn.Identity()),
    "window": lambda: Decoder(_window, Cut()),
    "sink": lambda: Decoder(Sink(), Cut()),
    "sink and grouped heads": lambda: Decoder(Sink(), Cut(), key_heads=2),
    "sink of each token": lambda: Decoder(_own_sink, Cut()),
    "bidirectional": lambda: Decoder(_everywhere, Learned()),
    "shifted": lambda: Decoder(_causal, _shifted),
    "weighed": lambda: Decoder(_weighed_twice, _computed),
    "padding": ByPadding,
    "translation": EncoderDecoder,
}


def sample_of(name: str, length: int) -> dict[str, Tensor]:
    """Return one input of a model: no token is padding."""
    generator = torch.Generator().manual_seed(length)
    tokens = torch.randint(1, VOCABULARY, (1, length), generator=generator)
    if name != "translation":
        return {"tokens": tokens}
    source = torch.randint(1, VOCABULARY, (1, length + length % 4), generator=generator)
    return {"source": source, "target": tokens}
