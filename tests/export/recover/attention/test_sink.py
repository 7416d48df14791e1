"""A score beside those of the keys: one more key, of zeros, that the mask gives the sink's own score."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from rewritten import attention_of, unlike_pytorch
from spelled import AttentionTests, Spelled
from torch import Tensor, nn

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import dims, operators, producer
from edgeattn_export.lower.decomposed.attention import decompose_attention

WIDTH, SIZE, HEADS = 8, 4, 2
GROUPED_HEADS = 4

Weigh = Callable[[Tensor, Tensor], Tensor]  # of scores (B, H, S, T) and a sink (B, H, S, 1)


class Sunk(nn.Module):
    """Attention whose ``weigh`` makes weights (B, H, S, T) of scores, a learned sink and a mask (B, T)."""

    def __init__(self, weigh: Weigh, heads: int = HEADS) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, heads * SIZE)
        self.key, self.value = (nn.Linear(WIDTH, HEADS * SIZE) for _ in range(2))
        self.output = nn.Linear(heads * SIZE, WIDTH)
        self.sink = nn.Parameter(torch.randn(heads, 1, 1))
        self.weigh, self.heads = weigh, heads

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (-1, SIZE)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        if self.heads != HEADS:
            k, v = (part.repeat_interleave(self.heads // HEADS, dim=1) for part in (k, v))
        scores = self.bias(q @ k.mT / math.sqrt(SIZE), seen)
        sink = self.sink.expand(*scores.shape[:-1], 1)
        return self.output((self.weigh(scores, sink) @ v).transpose(1, 2).flatten(2))

    def bias(self, scores: Tensor, seen: Tensor) -> Tensor:
        return scores.masked_fill(seen[:, None, None, :] == 0, -1e9)


class Unmasked(Sunk):
    """No mask."""

    def bias(self, scores: Tensor, seen: Tensor) -> Tensor:
        return scores


class Capped(Sunk):
    """Scores are capped, then masked with minus infinity."""

    def bias(self, scores: Tensor, seen: Tensor) -> Tensor:
        return (2 * torch.tanh(scores / 2)).masked_fill(seen[:, None, None, :] == 0, -torch.inf)


class BiasByQuery(Sunk):
    """A bias that is the same for all keys, which shows beside a sink."""

    def bias(self, scores: Tensor, seen: Tensor) -> Tensor:
        return scores + torch.arange(scores.size(2))[:, None] * 0.1


def _last(scores: Tensor, sink: Tensor) -> Tensor:
    return torch.cat([scores, sink], -1).softmax(-1)[..., :-1]


def _first(scores: Tensor, sink: Tensor) -> Tensor:
    return torch.cat([sink, scores], -1).softmax(-1)[..., 1:]


def _without_maximum(scores: Tensor, sink: Tensor) -> Tensor:
    both = torch.cat([scores, sink], -1)
    return (both - both.amax(-1, keepdim=True)).softmax(-1)[..., :-1]


def _kept(scores: Tensor, sink: Tensor) -> Tensor:
    """Keep the sink's weight and drop the last key's."""
    return torch.cat([sink, scores], -1).softmax(-1)[..., :-1]


WHOLE: dict[str, Callable[[], nn.Module]] = {
    "last": lambda: Sunk(_last),
    "first": lambda: Sunk(_first),
    "without_maximum": lambda: Sunk(_without_maximum),
    "grouped": lambda: Sunk(_last, GROUPED_HEADS),
    "unmasked": lambda: Unmasked(_last),
    "capped": lambda: Capped(_last),
}
REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "kept": (lambda: Sunk(_kept), "its scores go through Concat"),
    "by_query": (lambda: BiasByQuery(_last), "its mask has no column for each key"),
}


class TestSink(AttentionTests):
    spellings, refuses = WHOLE, REFUSED
    cases = ((1, 1, 1), (1, 7, 7), (3, 9, 4), (3, 9, 1), (3, 9, 0))

    def test_there_is_one_more_key(self, spelled: Spelled) -> None:
        for part in WHOLE:
            attention = attention_of(spelled.recovered.model, part)
            assert all(producer(value, "Pad") is not None for value in attention.inputs[1:3])
            assert dims(attention.inputs[3])[-1] == "sequence + 1"

    def test_heads_that_queries_share_are_not_copied(self, spelled: Spelled) -> None:
        attention = attention_of(spelled.recovered.model, "grouped")
        heads = [attention.attributes.get_int(side, 0) for side in ("q_num_heads", "kv_num_heads")]
        assert heads == [GROUPED_HEADS, HEADS]
        assert [dims(value)[-1] for value in attention.inputs[1:3]] == [HEADS * SIZE, HEADS * SIZE]

    def test_projections_are_merged_beside_a_sink(self, spelled: Spelled) -> None:
        attention = attention_of(spelled.recovered.model, "last")
        pads = [producer(value, "Pad") for value in attention.inputs[1:3]]
        assert all(pad is not None and producer(pad.inputs[0], "Split") is not None for pad in pads)

    def test_engines_without_the_operator_answer_as_pytorch(self, spelled: Spelled) -> None:
        model = spelled.recovered.model.clone()
        apply(decompose_attention, model)
        assert "Attention" not in operators(model)
        for batch, sequence, shown in self.cases:
            sizes = {"batch": batch, "sequence": sequence}
            assert unlike_pytorch(spelled.captured, spelled.samples, model, shown, **sizes) == {}

    def test_says_nothing_of_empty_rows(self, spelled: Spelled) -> None:
        """A query that sees no key sees its sink, so that no row is NaN in PyTorch."""
        assert spelled.recovered.notes == ()
