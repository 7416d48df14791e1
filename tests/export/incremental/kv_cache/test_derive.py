from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from step_models import POSITIONS

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_export.incremental import Steps, derive_steps
from edgeattn_export.lower.decomposed.attention import decompose_attention
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import Recovered
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Symbol
from edgeattn_runtime.engine.graph_session import BoundCall

TOLERANCE = 1e-5  # of the logits' scale
LENGTH, LONGEST = 13, 32
PLACED = ("learned", "indexed", "cut", "computed", "rotary")
ROW_BY_ROW = (*PLACED, "single", "alibi", "relative", "window", "sink")
CUT_WHOLE = ("alibi from the end", "alibi picked")  # tables, and then to rows
DECODERS = (*ROW_BY_ROW, *CUT_WHOLE, "sink and grouped heads", "sink of each token", "gpt2")

Derive = Callable[[str], Any]
Error = Callable[..., float]


def _with_attention(found: Any, change: Callable[[ir.Node], None]) -> Steps:
    """Derive a model whose recovered attentions are changed."""
    model = found.recovered.model.clone()
    for node in model.graph:
        if node.op_type == "Attention":
            change(node)
    steps = derive_steps(found.captured, Recovered(model, {}, ()), found.samples)
    assert isinstance(steps, Steps)
    return steps


@pytest.mark.parametrize("chunks", [(1,) * LENGTH, (LENGTH,), (6, 1, 1, 5), (2, 9, 2)])
@pytest.mark.parametrize("name", DECODERS)
def test_steps_say_what_pytorch_says(
    name: str, chunks: Sequence[int], derivation: Derive, stepped_error: Error
) -> None:
    found = derivation(name)
    assert stepped_error(found.captured, found.steps, found.inputs(3, LENGTH), chunks) < TOLERANCE


def test_a_query_has_a_type_where_a_rule_left_its_attention_without_one(
    derivation: Derive, caplog: pytest.LogCaptureFixture
) -> None:
    """It has dims, and a file has these with a type alone: onnx-ir warns of each that it leaves out."""

    def untyped(node: ir.Node) -> None:
        node.outputs[0].type = node.outputs[0].shape = None

    ir.to_proto(_with_attention(derivation("learned"), untyped).main.model)
    assert not caplog.records


@pytest.mark.parametrize("name", DECODERS)
def test_attention_over_a_cache_has_a_plain_form_too(
    name: str, derivation: Derive, stepped_error: Error
) -> None:
    """For engines that have no such operator."""
    found = derivation(name)
    model = found.steps.main.model.clone()
    apply(decompose_attention, model)
    assert "Attention" not in operators(model)
    plain = found.steps.with_models({MAIN_GRAPH: model})
    assert stepped_error(found.captured, plain, found.inputs(3, LENGTH), (6, 1, 1, 5)) < TOLERANCE


@pytest.mark.parametrize(("name", "key_heads"), [("learned", 4), ("rotary", 2), ("single", 1)])
def test_cache_holds_each_key_head_once(name: str, key_heads: int, steps_of: Callable[[str], Steps]) -> None:
    steps = steps_of(name)
    dims = {tensor.name: tensor.dims for tensor in (*steps.main.graph.inputs, *steps.main.graph.outputs)}
    caches = steps.generation.cache
    assert [cache.past for cache in caches] == [
        f"past_{kind}_{layer}" for layer in (0, 1) for kind in ("key", "value")
    ]
    for cache in caches:
        assert dims[cache.past] == dims[cache.present] == ("batch", key_heads, "capacity", 4)


def test_says_all_that_generation_needs(steps_of: Callable[[str], Steps]) -> None:
    steps, generation = steps_of("learned"), steps_of("learned").generation
    assert (generation.kind, generation.tokens, generation.logits) == ("decoder", "tokens", "logits")
    assert (steps.encoder, generation.sources, generation.carried) == (None, (), ())
    assert [tensor.name for tensor in steps.main.graph.inputs[:2]] == ["tokens", generation.length]
    bounded = Symbol(1, LONGEST)
    assert steps.symbols == {"batch": Symbol(1, None), "sequence": bounded, "capacity": bounded}


@pytest.mark.parametrize(
    ("name", "positions"),
    [
        ("learned", LONGEST),  # a table looked up by the positions
        ("offset", LONGEST - 2),  # the same, its first two rows left out
        ("indexed", LONGEST),  # by a number a token of each row
        ("cut", LONGEST),  # a table cut to the length
        ("relative", None),  # a table of 6 distances serves any length
        ("alibi", None),
        ("alibi from the end", LONGEST),  # a table cut to its last rows and columns
        ("alibi picked", LONGEST),  # the same, indexed by rows and columns
        ("rotary", None),
        ("translation", LONGEST),
        ("gpt2", POSITIONS),
    ],
)
def test_the_longest_text_is_known(
    name: str, positions: int | None, steps_of: Callable[[str], Steps]
) -> None:
    steps = steps_of(name)
    assert steps.generation.positions == steps.symbols["capacity"].max == positions


@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_a_step_computes_rows_alone(name: str, steps_of: Callable[[str], Steps]) -> None:
    steps, capacity = steps_of(name), 31
    tapped = steps.main.model.clone()
    inner = [value for node in tapped.graph for value in node.outputs if value.name]
    tapped.graph.outputs.extend(value for value in inner if not value.is_graph_output())
    fed: dict[str, NDArray[np.generic]] = {"tokens": np.ones((1, 1), np.int64)}
    sizes = {"batch": 1, "capacity": capacity}
    for tensor in steps.main.graph.inputs[1:]:
        fed[tensor.name] = np.ones([sizes.get(dim, dim) for dim in tensor.dims], tensor.dtype)
    found = ORT_CPU.runner(tapped)(fed)
    squares = ((capacity, capacity), (capacity, capacity + 1))  # with a column for a sink
    assert [key for key, value in found.items() if value.shape[-2:] in squares] == []


@pytest.mark.parametrize("name", ["learned", "rotary"])  # heads side by side, and apart
def test_a_step_may_write_into_what_it_was_given(name: str, steps_of: Callable[[str], Steps]) -> None:
    steps, held, sizes = steps_of(name), 4, {"batch": 2, "capacity": 8}
    random, caches = np.random.default_rng(drawn_seed(0)), steps.generation.cache
    fed: dict[str, NDArray[Any]] = {
        tensor.name: random.random([sizes.get(str(dim), dim) for dim in tensor.dims], np.float32)
        for tensor in steps.main.graph.inputs[2:]
    }
    before = {name: array.copy() for name, array in fed.items()}
    fed |= {"tokens": np.array([[1, 2], [3, 4]]), steps.generation.length: np.array([held])}
    session = ORT_CPU.open(steps.main.model)
    apart = SessionRunner(session)(fed)
    together = {"logits": np.zeros_like(apart["logits"])}
    BoundCall(session, fed, together | {cache.present: fed[cache.past] for cache in caches})()
    np.testing.assert_array_equal(together["logits"], apart["logits"])
    for cache in caches:
        np.testing.assert_array_equal(fed[cache.past], apart[cache.present])
        changed = (fed[cache.past] != before[cache.past]).any(axis=(0, 1, 3))
        assert changed.tolist() == [held <= slot < held + 2 for slot in range(8)]


@pytest.mark.parametrize("name", ["learned", "window"])  # masks of numbers, and of truth values
def test_causal_attribute_joins_the_mask(name: str, derivation: Derive, stepped_error: Error) -> None:
    def causal(node: ir.Node) -> None:
        node.attributes["is_causal"] = ir.AttrInt64("is_causal", 1)

    found = derivation(name)
    steps = _with_attention(found, causal)
    assert stepped_error(found.captured, steps, found.inputs(2, LENGTH), (5, 1, 7)) < TOLERANCE


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "bidirectional",
            "the model is not causal: its outputs for the first 7 tokens change with later tokens",
        ),
        ("shifted", "positions depend on one another outside its attention operators"),
        ("weighed", "gives out its weights, which differ in size from step to step"),
        ("padding", "has a mask that depends on which tokens it is given"),
        ("verbose", "output 'embedded' depends on more than a source"),
        ("one picture", "also asks 'target' for the size of an axis"),
    ],
)
def test_refuses_in_words(name: str, reason: str, derivation: Derive) -> None:
    refused = derivation(name).steps
    assert isinstance(refused, Refusal)
    assert reason in refused.reason


def test_leaves_the_recovered_graph_as_it_is(derivation: Derive) -> None:
    found = derivation("rotary")
    before = [(node.op_type, tuple(node.inputs)) for node in found.recovered.model.graph]
    derive_steps(found.captured, found.recovered, found.samples)
    assert [(node.op_type, tuple(node.inputs)) for node in found.recovered.model.graph] == before
