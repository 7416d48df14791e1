"""Attention in spellings of its scores: one for each way of the rule; tests/coverage/forms has more."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from fixture_types import Export
from rewritten import attention_of, operators_of
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.recover.rules.attention.attention import recover_attention

TOLERANCE = 1e-5  # of the output's scale
SIZE = 4  # of a head, where there are two
SCALE = 1 / math.sqrt(SIZE)
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
    return (1.0 - seen[:, None, None, :].float()) * -1e4  # (B, 1, 1, T)


PLAIN = {
    "divided": lambda q, k, seen: _scaled(q, k),
    "scale_on_the_transposed_keys": lambda q, k, seen: q @ (k.mT * SCALE),
    "scaled_twice": lambda q, k, seen: (q * 0.25) @ k.mT * 2,
    "heads_of_a_temperature": lambda q, k, seen: _scaled(q, k) * torch.tensor([0.5, 1.5]).view(1, 2, 1, 1),
}
FINITE = {
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
MASKED = {
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
REFUSED = {
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
ONE_HEAD = {"one_head": lambda q, k, seen: (q @ k.mT / math.sqrt(8)).masked_fill(_masked_out(seen), -1e9)}
SPELLINGS = {**PLAIN, **MASKED, **ONE_HEAD}
CASES = {  # batch, length, keys shown in the last row
    "one": (1, 1, 1),
    "odd": (1, 7, 7),
    "longest": (1, 12, 12),
    "batch": (3, 5, 5),
    "padded": (3, 9, 4),
    "all_but_one_masked": (3, 9, 1),
}


def _inputs(captured: Captured, samples: Samples, case: str) -> dict[str, np.ndarray]:
    batch, length, shown = CASES[case]
    inputs = dict(sized_inputs(samples, captured.axes, {"batch": batch, "sequence": length}))
    inputs["seen"][-1, shown:] = 0
    return inputs


@pytest.fixture(scope="module")
def self_attention(
    side_by_side: Export, hand: Callable[..., Callable[[], nn.Module]]
) -> tuple[Captured, Samples]:
    parts = {name: hand(scores) for name, scores in {**PLAIN, **MASKED}.items()}
    parts |= {name: hand(scores, heads=1) for name, scores in ONE_HEAD.items()}
    parts |= {name: hand(scores) for name, (scores, _) in REFUSED.items()}
    return side_by_side(parts)


@pytest.fixture(scope="module")
def by_rule(self_attention: tuple[Captured, Samples]) -> Recovered:
    """The rule alone."""
    model = self_attention[0].model.clone()
    applied = apply(recover_attention, model)
    return Recovered(model, {"attention": len(applied.sites)}, applied.refused)


@pytest.fixture(scope="module")
def recovered(self_attention: tuple[Captured, Samples]) -> Recovered:
    """All rules, proven."""
    return recover(*self_attention)


@pytest.fixture(scope="module")
def answers(
    self_attention: tuple[Captured, Samples], by_rule: Recovered, recovered: Recovered
) -> dict[str, object]:
    captured, samples = self_attention
    inputs = {case: _inputs(captured, samples, case) for case in CASES}
    sessions = {"rule": ORT_CPU.runner(by_rule.model), "whole": ORT_CPU.runner(recovered.model)}
    return {
        "pytorch": {case: captured.reference(value) for case, value in inputs.items()},
        **{
            stage: {case: session(value) for case, value in inputs.items()}
            for stage, session in sessions.items()
        },
    }


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_becomes_one_operator(spelling: str, by_rule: Recovered, recovered: Recovered) -> None:
    for model in (by_rule.model, recovered.model):
        attention_of(model, spelling)


@pytest.mark.parametrize("stage", ["rule", "whole"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("spelling", [*SPELLINGS, *REFUSED])
def test_answers_as_pytorch(
    spelling: str,
    case: str,
    stage: str,
    answers: dict[str, dict[str, dict[str, np.ndarray]]],
    scaled_error: Callable[..., float],
) -> None:
    name = f"{spelling}.output"
    expected, actual = ({name: answers[source][case][name]} for source in ("pytorch", stage))
    assert scaled_error(expected, actual) < TOLERANCE


@pytest.mark.parametrize("spelling", FINITE)
def test_nothing_to_attend_to_is_attended_to_evenly(
    spelling: str,
    self_attention: tuple[Captured, Samples],
    recovered: Recovered,
    scaled_error: Callable[..., float],
) -> None:
    captured, samples = self_attention
    inputs = _inputs(captured, samples, "padded")
    inputs["seen"][-1] = 0
    name = f"{spelling}.output"
    expected, actual = captured.reference(inputs)[name], ORT_CPU.runner(recovered.model)(inputs)[name]
    assert scaled_error({name: expected}, {name: actual}) < TOLERANCE


@pytest.mark.parametrize("spelling", REFUSED)
def test_is_refused_with_the_reason(spelling: str, recovered: Recovered) -> None:
    refusals = [r for r in recovered.refused if r.module == f"parts.{spelling}"]
    assert [r.rule for r in refusals] == ["attention"]
    assert REFUSED[spelling][1] in refusals[0].reason
    assert refusals[0].node
    operators = operators_of(recovered.model, spelling)
    assert operators.count("Softmax") == 1
    assert "Attention" not in operators


def test_counts_what_it_did(by_rule: Recovered, recovered: Recovered) -> None:
    assert by_rule.applied["attention"] == recovered.applied["attention"] == len(SPELLINGS)
    assert len([r for r in recovered.refused if r.rule == "attention"]) == len(REFUSED)


@pytest.mark.parametrize("length", [1, 6])
def test_static_lengths(
    length: int,
    side_by_side: Export,
    hand: Callable[..., Callable[[], nn.Module]],
    scaled_error: Callable[..., float],
) -> None:
    names = ["filled_with_1e9", "causal_and_padding"]
    captured, samples = side_by_side({name: hand(SPELLINGS[name]) for name in names}, (length,) * 3)
    recovered = recover(captured, samples)
    assert captured.axes.dims["x"] == ("batch", length, 8)
    for name in names:
        attention_of(recovered.model, name)
    inputs = dict(sized_inputs(samples, captured.axes, {"batch": 3}))
    inputs["seen"][1, 1:] = 0
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(recovered.model)(inputs)) < TOLERANCE


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 7, 1), (3, 1, 6), (3, 5, 9)])
def test_cross_attention(
    sizes: tuple[int, int, int],
    crossed: tuple[Captured, Samples, Recovered],
    scaled_error: Callable[..., float],
) -> None:
    captured, samples, recovered = crossed
    inputs = dict(sized_inputs(samples, captured.axes, dict(zip(captured.axes.symbols, sizes, strict=True))))
    assert inputs["x"].shape[1] == sizes[1]
    assert inputs["context"].shape[1] == inputs["seen"].shape[1] == sizes[2]
    inputs["seen"][-1, 1:] = 0
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(recovered.model)(inputs)) < TOLERANCE


CROSSED = ("divided", "filled_with_1e9", "filled_with_infinity", "additive")


@pytest.fixture(scope="module")
def crossed(
    across: Export, hand: Callable[..., Callable[[], nn.Module]]
) -> tuple[Captured, Samples, Recovered]:
    captured, samples = across({name: hand(SPELLINGS[name]) for name in CROSSED})
    return captured, samples, recover(captured, samples)


@pytest.mark.parametrize("spelling", CROSSED)
def test_cross_attention_becomes_one_operator(
    spelling: str, crossed: tuple[Captured, Samples, Recovered]
) -> None:
    attention_of(crossed[2].model, spelling)
