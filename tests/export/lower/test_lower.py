from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from fixture_types import Export, Plainly
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.rule import Emit, Refusal, Rule, rule
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.graph.trials import trials
from edgeattn_export.lower import Lowered, lower
from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.recover import Recovered, recover

TOLERANCE = 1e-5  # of the output's scale
WIDTH, HEADS, SIZE = 8, 2, 4
LENGTHS = (5, 9, 3, 12)


class Attention(nn.Module):
    """Attention from x to context, rotary where it is so, its residual sum normalized."""

    def __init__(self, *, rotary: bool) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.norm, self.rotary = nn.LayerNorm(WIDTH), rotary

    def forward(self, x: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (
            layer(t).unflatten(-1, (HEADS, SIZE)).transpose(1, 2)  # (B, H, S|T, D)
            for layer, t in ((self.query, x), (self.key, context), (self.value, context))
        )
        if self.rotary:
            q, k = _rotated(q), _rotated(k)
        mixed = scaled_dot_product_attention(q, k, v, mask)
        return self.norm(x + mixed.transpose(1, 2).flatten(2))


def _rotated(x: Tensor) -> Tensor:
    half = torch.arange(x.size(2))[:, None] * torch.tensor([1.0, 0.1])  # (S, D/2)
    angle = torch.cat((half, half), -1)  # (S, D)
    half_turn = torch.cat((-x[..., SIZE // 2 :], x[..., : SIZE // 2]), -1)
    return x * angle.cos() + half_turn * angle.sin()


class Translator(nn.Module):
    """Two layers that encode a source, two that read it: all under the source's mask."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.ModuleList(Attention(rotary=True) for _ in range(2))
        self.decode = nn.ModuleList(Attention(rotary=False) for _ in range(2))

    def forward(self, source: Tensor, seen: Tensor, target: Tensor) -> dict[str, Tensor]:
        mask = (1.0 - seen[:, None, None, :].float()) * -1e4  # (B, 1, 1, T)
        for layer in self.encode:
            source = layer(source, source, mask)
        for layer in self.decode:
            target = layer(target, source, mask)
        return {"output": target}


@pytest.fixture(scope="module")
def translator(exported: Export) -> tuple[Captured, Samples, Recovered]:
    torch.manual_seed(drawn_seed(0))
    raw = [
        {
            "source": torch.randn(1, length, WIDTH),
            "seen": torch.ones(1, length, dtype=torch.int64),
            "target": torch.randn(1, length + 1 + length % 3, WIDTH),
        }
        for length in LENGTHS
    ]
    captured, samples = exported(Translator(), raw)
    return captured, samples, recover(captured, samples)


@pytest.fixture(scope="module")
def tried(translator: tuple[Captured, Samples, Recovered]) -> tuple[Inputs, ...]:
    captured, samples, _ = translator
    return tuple(trials(samples, captured.axes))


@pytest.fixture(scope="module")
def translated(translator: tuple[Captured, Samples, Recovered], tried: tuple[Inputs, ...]) -> Lowered:
    """The translator, lowered."""
    return lower(translator[2].model, LOWERINGS, ORT_CPU, tried)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 7, 3), (3, 5, 9), (2, 4, 4)])
def test_a_plain_session_runs_the_lowered_graph_and_answers_as_pytorch(
    sizes: tuple[int, int, int],
    translator: tuple[Captured, Samples, Recovered],
    translated: Lowered,
    plainly: Plainly,
    scaled_error: Callable[..., float],
) -> None:
    captured, samples, _ = translator
    inputs = dict(sized_inputs(samples, captured.axes, dict(zip(captured.axes.symbols, sizes, strict=True))))
    inputs["seen"] = inputs["seen"].copy()
    inputs["seen"][-1, 1:] = 0  # all but one
    assert scaled_error(captured.reference(inputs), plainly(translated.model)(inputs)) < TOLERANCE


def test_what_the_engine_is_fast_at_is_applied_and_told(translated: Lowered) -> None:
    assert [(name, site.module) for name, site in translated.sites] == [
        ("residual sum", f"{part}.{layer}.norm") for part in ("encode", "decode") for layer in range(2)
    ]
    assert translated.refused == ()
    found = operators(translated.model)
    assert found["Sum"] == found["LayerNormalization"] == 4
    assert (found["Expand"], found["Max"]) == (4, 1)  # masks and rotary caches; one mask is floored


def test_without_rules_needs_alone_are_met(
    translator: tuple[Captured, Samples, Recovered], tried: tuple[Inputs, ...], plainly: Plainly
) -> None:
    found = lower(translator[2].model, (), ORT_CPU, tried)
    assert (found.sites, found.refused) == ((), ())
    assert "Sum" not in operators(found.model)
    plainly(found.model)(tried[0])


def wrong(part: str) -> Rule:
    """Write a residual sum as a difference, in the modules of one part; refuse the other's."""

    @rule("wrong", "LayerNormalization")
    def subtract(node: ir.Node) -> Emit | Refusal | None:
        addition = node.inputs[0].producer() if node.inputs[0] is not None else None
        if addition is None or addition.op_type != "Add":
            return None
        if not module_of(node).startswith(part):
            return Refusal("of the other part")
        return lambda tape: {addition.outputs[0]: tape.op("Sub", list(addition.inputs))}

    return subtract


def test_a_wrong_rule_is_undone_and_says_why(
    translator: tuple[Captured, Samples, Recovered], tried: tuple[Inputs, ...]
) -> None:
    recovered = translator[2].model
    found = lower(recovered, (wrong("encode"),), ORT_CPU, tried)
    assert found.sites == ()
    assert {refused.rule for refused in found.refused} == {"wrong"}
    told = {refused.module: refused.reason for refused in found.refused}
    assert set(told) == {f"{part}.{layer}.norm" for part in ("encode", "decode") for layer in range(2)}
    for module, reason in told.items():
        if module.startswith("decode"):
            assert reason == "of the other part"
        else:
            assert reason.startswith("undone: ")
            assert "'output' differs" in reason
    assert serialize(found.model) == serialize(lower(recovered, (), ORT_CPU, tried).model)


def test_a_rule_after_a_wrong_one_is_applied_all_the_same(
    translator: tuple[Captured, Samples, Recovered], tried: tuple[Inputs, ...], translated: Lowered
) -> None:
    found = lower(translator[2].model, (wrong("decode"), *LOWERINGS), ORT_CPU, tried)
    assert found.sites == translated.sites
    assert serialize(found.model) == serialize(translated.model)


def test_the_given_graph_is_left_as_it_is(
    translator: tuple[Captured, Samples, Recovered], tried: tuple[Inputs, ...]
) -> None:
    recovered = translator[2].model
    before = serialize(recovered)
    once, again = (lower(recovered, LOWERINGS, ORT_CPU, tried) for _ in range(2))
    assert serialize(recovered) == before
    assert serialize(once.model) == serialize(again.model)  # and the way is the same every time
