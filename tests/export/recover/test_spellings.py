"""Attention in whole spellings of heads, scores and weights; tests/coverage/forms has more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pytest
import torch
from rewritten import operators_of
from spelled import AttentionTests, Spelled
from torch import Tensor, nn

from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU

TOLERANCE = 1e-5  # of the output's scale
WIDTH, HEADS, SIZE = 8, 4, 2
SCALE = SIZE**-0.5

Mix = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


class Mixing(nn.Module):
    """Attention by ``mix`` of query, keys and values (B, H, S, D) and seen (B, S), to (B, H, S, D)."""

    def __init__(self, mix: Mix) -> None:
        super().__init__()
        self.qkv, self.mix = nn.Linear(WIDTH, 3 * WIDTH), mix

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (HEADS, SIZE)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        return self.mix(q, k, v, seen).transpose(1, 2).flatten(2)


def _masked_out(seen: Tensor) -> Tensor:
    return seen[:, None, None, :] == 0  # (B, 1, 1, S)


def _shown(seen: Tensor) -> Tensor:
    return seen[:, None, None, :].float()  # (B, 1, 1, S)


def _scores(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT * SCALE  # (B, H, S, S)


def _over_sum(weights: Tensor, least: float = 0.0) -> Tensor:
    return weights / (weights.sum(-1, keepdim=True) + least)


def _folded(*parts: Tensor) -> tuple[Tensor, ...]:
    return tuple(part.flatten(0, 1) for part in parts)  # (B*H, S, D)


def _mask_unfolded_and_folded(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    q3, k3, v3 = _folded(q, k, v)
    scores = (torch.bmm(q3, k3.mT) * SCALE).view(*q.shape[:3], -1).masked_fill(_masked_out(seen), -1e9)
    return torch.bmm(scores.flatten(0, 1).softmax(-1), v3).view(q.shape)


def _bias_for_each_head(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    q3, k3, v3 = _folded(q, k, v)
    slopes = (torch.arange(q.size(2)) * 0.1 * torch.arange(1, HEADS + 1)[:, None])[None, :, None, :]
    slopes = slopes.expand(q.size(0), -1, -1, -1).flatten(0, 1)  # (B*H, 1, S), as BLOOM has it
    scores = torch.baddbmm(slopes, q3, k3.mT, alpha=SCALE).view(*q.shape[:3], -1)
    return torch.bmm(scores.masked_fill(_masked_out(seen), -1e9).softmax(-1).flatten(0, 1), v3).view(q.shape)


def _keys_as_rows(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    scores = (k @ q.mT * SCALE).masked_fill(_masked_out(seen).mT, -1e9)  # (B, H, T, S)
    return scores.softmax(-2).mT @ v


def _faded(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    return _over_sum(_scores(q, k).softmax(-1) * _shown(seen), 1e-9) @ v


def _masked_twice(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    masked_out = _masked_out(seen)
    return _scores(q, k).masked_fill(masked_out, -1e9).softmax(-1).masked_fill(masked_out, 0.0) @ v


def _span(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    at = torch.arange(q.size(2))
    weights = _scores(q, k).softmax(-1) * ((at[:, None] - at).abs() * -0.25 + 1.5).clamp(0, 1)  # (S, S)
    return _over_sum(weights) @ v


def _exponentials_masked(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    return _over_sum(_scores(q, k).exp() * _shown(seen)) @ v


def _groups(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    grouped = q.unflatten(1, (2, 2))  # (B, G, R, S, D)
    k, v = k[:, :2, None], v[:, :2, None]  # (B, G, 1, S, D)
    scores = _scores(grouped, k).masked_fill(_masked_out(seen)[:, None], -1e9)
    return (scores.softmax(-1) @ v).flatten(1, 2)


def _groups_by_einsum(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    weights = torch.einsum("bgrsd,bgtd->bgrst", q.unflatten(1, (2, 2)), k[:, :2] * SCALE).softmax(-1)
    return torch.einsum("bgrst,bgtd->bgrsd", weights, v[:, :2]).flatten(1, 2)


def _frames(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    bias = torch.arange(3.0)[:, None, None, None] * torch.arange(q.size(2)) * 0.1  # (F, 1, 1, S)
    q, k, v = (part[:, None] * torch.arange(1.0, 4.0).view(1, 3, 1, 1, 1) for part in (q, k, v))
    return ((_scores(q, k) + bias).softmax(-1) @ v).sum(1)  # of (B, F, H, S, D)


WHOLE: dict[str, tuple[Mix, str]] = {
    "mask_unfolded_and_folded": (_mask_unfolded_and_folded, "folded heads"),
    "bias_for_each_head": (_bias_for_each_head, "folded heads"),
    "keys_as_rows": (_keys_as_rows, "transposed scores"),
    "masked_twice": (_masked_twice, "attention"),
    "faded": (_faded, "attention"),
    "span": (_span, "attention"),
    "exponentials_masked": (_exponentials_masked, "attention"),
    "groups": (_groups, "attention"),
    "groups_by_einsum": (_groups_by_einsum, "einsum"),
    "frames": (_frames, "attention"),
}
REFUSED: dict[str, tuple[Mix, str]] = {
    "weights_masked": (
        lambda q, k, v, seen: (_scores(q, k).softmax(-1) * _shown(seen)) @ v,
        "not brought back to a sum of 1",
    ),
    "weights_signed": (
        lambda q, k, v, seen: _over_sum(_scores(q, k).softmax(-1) * k.cos()[:, :, None, :, 0]) @ v,
        "its weights go through Div, Mul",
    ),
    "weights_added": (  # as molecule transformers mix in an adjacency (Maziarka et al. 2020, equation 3)
        lambda q, k, v, seen: (0.3 * _scores(q, k).softmax(-1) + 0.7 * _shown(seen)) @ v,
        "its weights go through Add, Mul before they meet the values; the operator has none between: "
        "multiply the values by what is added in a product of its own, a * (weights @ v) + b @ v",
    ),
    "weights_squared": (
        lambda q, k, v, seen: _over_sum(_scores(q, k).softmax(-1) ** 2) @ v,
        "its weights go through Div, Pow",
    ),
    "sum_kept_off_zero_by_much": (
        lambda q, k, v, seen: _over_sum(_scores(q, k).softmax(-1) * _shown(seen), 0.1) @ v,
        "its weights go through Div, Mul",
    ),
    "weights_zeroed_alone": (
        lambda q, k, v, seen: _scores(q, k).softmax(-1).masked_fill(_masked_out(seen), 0.0) @ v,
        "its weights are set to 0 where its scores are not masked",
    ),
    "rectified": (lambda q, k, v, seen: _scores(q, k).relu().softmax(-1) @ v, "its scores go through Relu"),
    "one_more_in_the_sum": (
        lambda q, k, v, seen: _over_sum(_scores(q, k).exp(), 1.0) @ v,
        "its weights are exponentials that are no softmax",
    ),
    "a_sum_of_products": (
        lambda q, k, v, seen: (q[..., :, None, :] * k[..., None, :, :]).sum(-1).softmax(-1) @ v,
        "its scores are a ReduceSum that is no plain matrix product",
    ),
}
NO_ATTENTION: dict[str, Mix] = {
    "linear": lambda q, k, v, seen: q.softmax(-1) @ (k.softmax(-2).mT @ v),
    "turned_product": lambda q, k, v, seen: (v @ (q.mT @ k)).mT.mT,
}


def _made(mixes: Mapping[str, Mix]) -> dict[str, Callable[[], nn.Module]]:
    return {name: partial(Mixing, mix) for name, mix in mixes.items()}


REFUSES = {name: (partial(Mixing, mix), reason) for name, (mix, reason) in REFUSED.items()}


class TestSpellings(AttentionTests):
    spellings, others, refuses = (
        _made({name: mix for name, (mix, _) in WHOLE.items()}),
        _made(NO_ATTENTION),
        REFUSES,
    )

    def test_nothing_is_left_of_the_spelling(self, spelled: Spelled) -> None:
        for name in WHOLE:
            operators = operators_of(spelled.recovered.model, name)
            assert not {"Exp", "Einsum"} & {*operators}
            assert operators.count("MatMul") == 1  # the projection

    def test_a_row_that_is_masked_twice_and_whole_is_0(self, spelled: Spelled) -> None:
        inputs = dict(sized_inputs(spelled.samples, spelled.captured.axes, {"batch": 3, "sequence": 5}))
        inputs["seen"][1] = 0
        expected = spelled.captured.reference(inputs)
        actual = ORT_CPU.runner(spelled.recovered.model)(inputs)
        for name in ("masked_twice.output", "faded.output"):
            assert (expected[name][1] == 0).all()
            np.testing.assert_allclose(actual[name], expected[name], atol=TOLERANCE)

    def test_each_rule_has_fired(self, spelled: Spelled) -> None:
        assert {rule for _, rule in WHOLE.values()} <= set(spelled.recovered.applied)

    @pytest.mark.parametrize("name", NO_ATTENTION)
    def test_what_is_no_attention_is_let_alone(self, name: str, spelled: Spelled) -> None:
        assert not [r for r in spelled.recovered.refused if r.module == f"parts.{name}"]
        before, after = (operators_of(each.model, name) for each in (spelled.captured, spelled.recovered))
        assert before.count("MatMul") == after.count("MatMul")
