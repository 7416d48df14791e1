"""Attention in spellings of its scores: one for each way of the rule; tests/coverage/forms has more."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from fixture_types import Export
from original import double
from rewritten import attention_of, masked_inputs, operators_of, unlike_pytorch
from spelled import AttentionTests, Hand, Scores, Spelled
from torch import Tensor

from edgeattn_export.lower.ort_cpu import ORT_CPU

SIZE = 4  # of a head, where there are two
SCALE = 1 / math.sqrt(SIZE)
ADDEND = 1e4  # subtracted from scores that a mask hides
LOWEST = torch.finfo(torch.float32).min
ROWS = torch.tril(torch.ones(32, 32, dtype=torch.bool))


def _scaled(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT / math.sqrt(SIZE)


def _masked_out(seen: Tensor) -> Tensor:
    return seen[:, None, None, :] == 0  # (B, 1, 1, T)


def _future(q: Tensor) -> Tensor:
    return ~ROWS[: q.size(2), : q.size(2)]  # (S, S)


def _shown(seen: Tensor) -> Tensor:
    return seen[:, None, None, :].float()  # (B, 1, 1, T)


def _additive(seen: Tensor) -> Tensor:
    return (1.0 - seen[:, None, None, :].float()) * -ADDEND  # (B, 1, 1, T)


PLAIN: dict[str, Scores] = {
    "divided": lambda q, k, seen: _scaled(q, k),
    "scale_on_the_transposed_keys": lambda q, k, seen: q @ (k.mT * SCALE),
    "scaled_twice": lambda q, k, seen: (q * 0.25) @ k.mT * 2,
    "heads_of_a_temperature": lambda q, k, seen: _scaled(q, k) * torch.tensor([0.5, 1.5]).view(1, 2, 1, 1),
}
FINITE: dict[str, Scores] = {
    "filled_with_1e9": lambda q, k, seen: _scaled(q, k).masked_fill(_masked_out(seen), -1e9),
    "where_seen": lambda q, k, seen: torch.where(seen[:, None, None, :] > 0, _scaled(q, k), -1e9),
    "capped_and_masked": lambda q, k, seen: (torch.tanh(_scaled(q, k) / 2) * 2).masked_fill(
        _masked_out(seen), -1e9
    ),
    "additive": lambda q, k, seen: _scaled(q, k) + _additive(seen),
    "added_twice": lambda q, k, seen: (
        _scaled(q, k).masked_fill(k.new_ones(q.size(2), q.size(2)).tril() == 0, LOWEST)
        + _shown(seen).log().clamp(min=LOWEST)
    ),
    "kept_from_overflow": lambda q, k, seen: torch.maximum(
        (_scaled(q, k) + _shown(seen).log()).masked_fill(_future(q), LOWEST), torch.tensor(LOWEST)
    ),
    "additive_first": lambda q, k, seen: _additive(seen) + _scaled(q, k),
    "additive_then_scaled": lambda q, k, seen: (q @ k.mT + _additive(seen)) / 2,
    "filled_then_scaled": lambda q, k, seen: (q @ k.mT).masked_fill(_masked_out(seen), -1e4) * SCALE,
    "muted": lambda q, k, seen: _scaled(q, k) * _shown(seen) + -1e4 * (1 - _shown(seen)),
    "muted_by_subtraction": lambda q, k, seen: _scaled(q, k) * _shown(seen) - 1e4 * (1 - _shown(seen)),
}
ADDED = {"additive", "additive_first", "additive_then_scaled"}  # a mask
MASKED: dict[str, Scores] = {
    **FINITE,
    "filled_with_infinity": lambda q, k, seen: _scaled(q, k).masked_fill(_masked_out(seen), -torch.inf),
    "causal_and_padding": lambda q, k, seen: (
        _scaled(q, k).masked_fill(_future(q), -torch.inf).masked_fill(_masked_out(seen), -torch.inf)
    ),
    "causal_and_additive": lambda q, k, seen: _scaled(q, k).masked_fill(_future(q), -1e9) + _additive(seen),
    "relative_bias": lambda q, k, seen: (
        _scaled(q, k) - 0.5 * (torch.arange(q.size(2))[:, None] - torch.arange(q.size(2))).abs().float()
    ),
}  # fmt: skip
REFUSED: dict[str, tuple[Scores, str]] = {
    "scaled_by_key": (
        lambda q, k, seen: _scaled(q, k) * seen[:, None, None, :].float(),
        "scaled by a tensor that differs between keys",
    ),
    "filled_with_5": (
        lambda q, k, seen: _scaled(q, k).masked_fill(_masked_out(seen), -5.0),
        "its mask fills scores with -5",
    ),
    "clamped": (lambda q, k, seen: _scaled(q, k).clamp(-1, 1), "its scores go through Clip"),
    "masked_and_capped": (
        lambda q, k, seen: torch.tanh(_scaled(q, k).masked_fill(_masked_out(seen), -1e9)) * 2,
        "its scores are capped by tanh after a mask",
    ),
    "filled_with_a_tensor": (
        lambda q, k, seen: torch.where(_masked_out(seen), k[:, :1, :1, :1], _scaled(q, k)),
        "its mask fills scores with a tensor",
    ),
}


def _one_head(q: Tensor, k: Tensor, seen: Tensor) -> Tensor:
    return (q @ k.mT / math.sqrt(8)).masked_fill(_masked_out(seen), -1e9)


MAKES = {name: partial(Hand, scores) for name, scores in {**PLAIN, **MASKED}.items()}
REFUSES = {name: (partial(Hand, scores), reason) for name, (scores, reason) in REFUSED.items()}


class TestAttention(AttentionTests):
    spellings, refuses = {**MAKES, "one_head": partial(Hand, _one_head, heads=1)}, REFUSES

    def test_nothing_to_attend_to_is_attended_to_as_in_pytorch(self, spelled: Spelled) -> None:
        unlike = spelled.unlike(3, 9, shown=0)
        assert {
            name: unlike[f"{name}.output"] for name in {*FINITE} - ADDED if f"{name}.output" in unlike
        } == {}

    def test_scores_beside_an_added_mask_are_rounded_to_its_last_place(self, spelled: Spelled) -> None:
        inputs = masked_inputs(spelled.captured, spelled.samples, 0, batch=3, sequence=9)
        expected = double(spelled.captured, inputs)
        actual = ORT_CPU.runner(spelled.recovered.model)(inputs)
        last_place = float(np.spacing(np.float32(ADDEND)))  # a weight exp(score) changes by as much of itself
        for name in ADDED:
            values = expected[f"{name}.output"]
            error = np.abs(actual[f"{name}.output"] - values).max()
            assert error <= last_place * np.abs(values).max(), name

    def test_what_is_refused_keeps_its_softmax(self, spelled: Spelled) -> None:
        for name in REFUSES:
            assert operators_of(spelled.recovered.model, name).count("Softmax") == 1
        assert len([r for r in spelled.recovered.refused if r.rule == "attention"]) == len(REFUSES)


@pytest.mark.parametrize("length", [1, 6])
def test_static_lengths(length: int, side_by_side: Export) -> None:
    parts = {name: MAKES[name] for name in ("filled_with_1e9", "causal_and_padding")}
    spelled = Spelled.of(*side_by_side(parts, (length,) * 3))
    assert spelled.captured.axes.dims["x"] == ("batch", length, 8)
    for name in parts:
        attention_of(spelled.recovered.model, name)
    assert unlike_pytorch(spelled.captured, spelled.samples, spelled.recovered.model, 1, batch=3) == {}


@pytest.fixture(scope="module")
def crossed(across: Export) -> Spelled:
    names = ("divided", "filled_with_1e9", "filled_with_infinity", "additive")
    return Spelled.of(*across({name: MAKES[name] for name in names}))


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 7, 1), (3, 1, 6), (3, 5, 9)])
def test_cross_attention(sizes: tuple[int, int, int], crossed: Spelled) -> None:
    captured, model = crossed.captured, crossed.recovered.model
    for module in captured.reference.module.parts:
        attention_of(model, module)
    named = dict(zip(captured.axes.symbols, sizes, strict=True))
    assert unlike_pytorch(captured, crossed.samples, model, 1, **named) == {}
