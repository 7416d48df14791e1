"""Attention whose weights are read too: an output of the model, one of its heads, or their mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from rewritten import attention_of, operators_of, unlike_pytorch
from spelled import AttentionTests, Spelled
from torch import Tensor, nn

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.decomposed.attention import decompose_attention
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.attention_maps import attention_maps
from edgeattn_export.recover.rules.attention.outputs import AFTER_SOFTMAX, MODE

TOLERANCE = 1e-5  # of the output's scale
WIDTH, HEADS = 8, 2
SIZE = WIDTH // HEADS


class Mapped(nn.Module):
    """Self-attention that returns its answer and what ``shown`` makes of its weights (B, H, S, T)."""

    def __init__(
        self, shown: Callable[[Tensor], Tensor] = lambda weights: weights, *, fill: float = -1e9
    ) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.shown, self.fill = shown, fill

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.qkv(x).unflatten(-1, (3, HEADS, SIZE)).permute(2, 0, 3, 1, 4)  # (B, H, S, D) each
        scores = q @ k.mT / math.sqrt(SIZE)
        weights = scores.masked_fill(seen[:, None, None, :] == 0, self.fill).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2)), self.shown(weights)


class Guarded(Mapped):
    """A query that sees nothing looks nowhere."""

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.qkv(x).unflatten(-1, (3, HEADS, SIZE)).permute(2, 0, 3, 1, 4)
        scores = (q @ k.mT / 2).masked_fill(seen[:, None, None, :] == 0, -torch.inf)
        weights = scores.softmax(-1)
        weights = torch.where(weights.isnan(), 0.0, weights)
        return self.out((weights @ v).transpose(1, 2).flatten(2)), weights


class OneHead(Mapped):
    """Heads there are none: three axes."""

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.qkv(x).chunk(3, -1)  # (B, S, W) each
        weights = (q @ k.mT / 3).masked_fill(seen[:, None, :] == 0, -1e9).softmax(-1)
        return self.out(weights @ v), weights


class Grouped(Mapped):
    """Both heads of queries share one of keys and values."""

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = (part.unflatten(-1, (HEADS, SIZE)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        k, v = (part[:, :1].expand(-1, HEADS, -1, -1) for part in (k, v))
        weights = (q @ k.mT / 2).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2)), weights


class Library(nn.Module):
    """PyTorch's own."""

    def __init__(self, *, averaged: bool) -> None:
        super().__init__()
        self.attention, self.averaged = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True), averaged

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        return self.attention(x, x, x, key_padding_mask=seen == 0, average_attn_weights=self.averaged)


class Twice(Mapped):
    """What the weights make of the values is weighed once more, by the same."""

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.qkv(x).unflatten(-1, (3, HEADS, SIZE)).permute(2, 0, 3, 1, 4)
        weights = (q @ k.mT / 2).softmax(-1)
        return self.out((weights @ (weights @ v)).transpose(1, 2).flatten(2)), weights


class Circular(Mapped):
    """Values that are made of the weights."""

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.qkv(x).unflatten(-1, (3, HEADS, SIZE)).permute(2, 0, 3, 1, 4)
        weights = (q @ k.mT / 2).softmax(-1)
        v = v * weights.amax(-2).unsqueeze(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2)), weights


class OneForAll(Mapped):
    """One head of weights for the values of both."""

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = (part.unflatten(-1, (HEADS, SIZE)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        weights = (q[:, :1] @ k[:, :1].mT / 2).softmax(-1)  # (B, 1, S, S)
        return self.out((weights @ v).transpose(1, 2).flatten(2)), weights


MAPPED: Mapping[str, Callable[[], nn.Module]] = {
    "whole": Mapped,
    "averaged": lambda: Mapped(lambda weights: weights.mean(1)),
    "first_head": lambda: Mapped(lambda weights: weights[:, 0]),
    "of_the_first_token": lambda: Mapped(lambda weights: weights[:, :, 0]),
    "filled_with_infinity": lambda: Mapped(fill=-torch.inf),
    "guarded": Guarded,
    "one_head": OneHead,
    "grouped": Grouped,
    "library": lambda: Library(averaged=False),
    "library_averaged": lambda: Library(averaged=True),
    "twice": Twice,
}
REFUSED: Mapping[str, tuple[Callable[[], nn.Module], str]] = {
    "circular": (Circular, "its values are made of its attention weights"),
    "one_for_all": (OneForAll, "with one head where its values have more"),
}


class TestOutputs(AttentionTests):
    spellings, refuses = MAPPED, REFUSED
    cases = ((1, 1, 1), (1, 12, 12), (3, 9, 4), (3, 9, 1))

    def test_the_operator_gives_out_its_weights_and_no_cache(self, spelled: Spelled) -> None:
        for name in MAPPED:
            node = attention_of(spelled.recovered.model, name)
            assert [bool(output.name) for output in node.outputs] == [True, False, False, True]
            assert node.attributes.get_int(MODE) == AFTER_SOFTMAX

    @pytest.mark.parametrize("name", ["whole", "averaged", "first_head", "guarded"])
    def test_its_inputs_are_as_the_projections_leave_them(self, name: str, spelled: Spelled) -> None:
        node = attention_of(spelled.recovered.model, name)
        assert node.attributes.get_int("q_num_heads") == HEADS

    def test_a_query_that_sees_nothing_looks_nowhere_or_everywhere(self, spelled: Spelled) -> None:
        inputs = _inputs(spelled, 3, 9, 0)
        expected = spelled.captured.reference(inputs)
        found = ORT_CPU.runner(spelled.recovered.model)(inputs)
        for name, total in {"whole": 1, "averaged": 1, "guarded": 0}.items():
            weights = found[f"{name}.output.1"][-1]
            np.testing.assert_allclose(weights, expected[f"{name}.output.1"][-1], atol=TOLERANCE)
            np.testing.assert_allclose(weights.sum(-1), total, atol=TOLERANCE)
        assert np.isnan(expected["filled_with_infinity.output.1"][-1]).all()
        assert not found["filled_with_infinity.output.1"][-1].any()
        assert any("parts.filled_with_infinity" in note for note in spelled.recovered.notes)

    @pytest.mark.parametrize("name", REFUSED)
    def test_what_is_refused_keeps_its_softmax(self, name: str, spelled: Spelled) -> None:
        assert operators_of(spelled.recovered.model, name).count("Softmax") == 1

    def test_outputs_that_map_each_query_to_its_keys_are_known(self, spelled: Spelled) -> None:
        names = ({*MAPPED} - {"of_the_first_token"}) | {*REFUSED}  # these are a softmax still
        found = attention_maps(spelled.recovered.model)
        assert found.keys() == {f"{name}.output.1" for name in names}
        assert found["library_averaged.output.1"] == "parts.library_averaged.attention"

    def test_engines_without_the_operator_get_the_same_numbers(self, spelled: Spelled) -> None:
        model = spelled.recovered.model.clone()
        assert len(apply(decompose_attention, model).sites) == len(MAPPED)
        assert unlike_pytorch(spelled.captured, spelled.samples, model, 4, batch=3, sequence=9) == {}


def _inputs(spelled: Spelled, rows: int, length: int, shown: int) -> dict[str, NDArray[np.generic]]:
    sizes = {"batch": rows, "sequence": length}
    inputs = dict(sized_inputs(spelled.samples, spelled.captured.axes, sizes))
    inputs["seen"] = inputs["seen"].copy()
    inputs["seen"][-1, shown:] = 0
    return inputs
