"""Masks of graphs built by hand: broadcast as the standard says, and their lowest numbers raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from fixture_types import Plainly
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import Dims, constant, dims, embed, operators
from edgeattn_export.graph.scopes import MODULE, module_of
from edgeattn_export.graph.values import with_outputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_cpu.masks import FLOOR, MASK, expand_masks
from edgeattn_runtime.errors import BundleError

TOLERANCE = 1e-5  # of the output's scale: float sums in another order
WIDTH, HEADS = 8, 2
SIZE = WIDTH // HEADS
LOWEST = float(np.finfo(np.float32).min)

Array = NDArray[Any]
Make = Callable[[Tape, ir.Value], ir.Value]


class Sizes(NamedTuple):
    """Of a graph built by hand; ``other`` queries are those of a second attention."""

    batch: int = 3
    queries: int = 6
    keys: int = 5
    other: int = 4

    def of(self, dims: Dims) -> tuple[int, ...]:
        return tuple(dim if isinstance(dim, int) else getattr(self, str(dim)) for dim in dims)


SIZES = Sizes()


def _attentions(
    mask: Dims | None,
    make: Make = lambda _, value: value,
    *,
    dtype: ir.DataType = ir.DataType.FLOAT,
    apart: bool = True,
    queries: Sequence[str] = ("queries",),
) -> ir.Model:
    """Return attentions, one for each name of queries' length, under one mask.

    Args:
        mask: Dims of the input ``mask``, None where they are unknown.
        make: Records the mask that is made of it.
        dtype: Of the input.
        apart: Whether the heads have an axis.
        queries: Names of lengths.
    """

    def dims_of(length: str) -> tuple[str | int, ...]:
        return ("batch", HEADS, length, SIZE) if apart else ("batch", length, WIDTH)

    tape = Tape()
    k, v = (ir.val(name, ir.DataType.FLOAT, dims_of("keys")) for name in "kv")
    given = ir.val("mask", dtype, mask)
    made = make(tape, given)
    heads = {} if apart else {"q_num_heads": HEADS, "kv_num_heads": HEADS}
    asked, outputs = [], []
    for i, length in enumerate(queries):
        q, y = (ir.val(f"{name}{i}", ir.DataType.FLOAT, dims_of(length)) for name in "qy")
        from_layer = {MODULE: f"layer.{i}"}
        tape.op("Attention", [q, k, v, made], {"scale": 1.0, **heads}, output=y, metadata_props=from_layer)
        asked.append(q)
        outputs.append(y)
    return model_of(tape, [*asked, k, v, given], outputs)


def _drawn(model: ir.Model, mask: Array) -> dict[str, Array]:
    draw = np.random.default_rng(drawn_seed(0))
    return {
        value.name or "": draw.standard_normal(SIZES.of(dims(value))).astype(np.float32)
        if value.name != "mask"
        else mask
        for value in model.graph.inputs
    }


def _expected(inputs: Mapping[str, Array], name: str, mask: Array, *, apart: bool = True) -> Array:
    q, k, v = (torch.from_numpy(inputs[part]) for part in (name, "k", "v"))
    if not apart:
        q, k, v = (part.unflatten(-1, (HEADS, SIZE)).transpose(1, 2) for part in (q, k, v))
    scores = q @ k.mT  # (B, H, S, T)
    whole = torch.from_numpy(mask)
    scores = scores.masked_fill(~whole, -torch.inf) if mask.dtype == bool else scores + whole
    mixed = scores.softmax(-1) @ v
    return (mixed if apart else mixed.transpose(1, 2).flatten(2)).numpy()


def _mask_of(model: ir.Model, inputs: Mapping[str, Array]) -> Array:
    """Return the numbers that the first attention of a graph is given as its mask."""
    value = next(node for node in model.graph if node.op_type == "Attention").inputs[MASK]
    assert value is not None
    if value.is_initializer():
        return np.asarray(constant(value))
    return ORT_CPU.runner(with_outputs(model, [value.name or ""]))(inputs)[value.name or ""]


BROADCAST: tuple[Dims, ...] = (
    ("keys",),
    (1, "keys"),
    ("queries", 1),
    ("batch", 1, 1, "keys"),
    ("batch", 1, "queries", 1),
    (1, HEADS, 1, "keys"),
    (1, 1, 1, 1),
)
OF_HEADS: Dims = (HEADS, "queries", "keys")  # not every release takes three axes
TAKEN: tuple[Dims, ...] = (
    ("queries", "keys"),
    ("batch", HEADS, "queries", "keys"),
    (1, 1, "queries", "keys"),
)


@pytest.mark.parametrize("apart", [True, False], ids=["heads apart", "heads side by side"])
@pytest.mark.parametrize("dtype", [ir.DataType.FLOAT, ir.DataType.BOOL], ids=["float", "bool"])
@pytest.mark.parametrize("sizes", [*BROADCAST, OF_HEADS, *TAKEN], ids=str)
def test_the_standards_broadcasting_is_written_out(
    sizes: Dims, dtype: ir.DataType, apart: bool, plainly: Plainly, scaled_error: Callable[..., float]
) -> None:
    model = _attentions(sizes, dtype=dtype, apart=apart)
    drawn = np.random.default_rng(drawn_seed(1)).standard_normal(SIZES.of(sizes)).astype(np.float32)
    mask = drawn if dtype is ir.DataType.FLOAT else drawn > -1.5
    if dtype is ir.DataType.BOOL:
        mask |= ~mask.any(-1, keepdims=True)  # a query that sees no key has no answer
    inputs = _drawn(model, mask)
    found = plainly(ORT_CPU.ready(model))(inputs)
    assert scaled_error({"y0": _expected(inputs, "q0", mask, apart=apart)}, found) < TOLERANCE


@pytest.mark.parametrize("sizes", BROADCAST, ids=str)
def test_without_that_the_kernel_refuses_or_misreads_it(sizes: Dims, plainly: Plainly) -> None:
    model = _attentions(sizes)
    mask = np.random.default_rng(drawn_seed(1)).standard_normal(SIZES.of(sizes)).astype(np.float32)
    inputs = _drawn(model, mask)
    try:
        found = plainly(model)(inputs)
    except BundleError:
        return
    assert np.abs(found["y0"] - _expected(inputs, "q0", mask)).max() > TOLERANCE


@pytest.mark.parametrize("sizes", [*TAKEN, None], ids=str)
def test_dims_that_the_kernel_takes_or_that_are_unknown_stay(sizes: Dims | None) -> None:
    ready = ORT_CPU.ready(_attentions(sizes, dtype=ir.DataType.BOOL))
    assert operators(ready) == {"Attention": 1}


def _filled(low: float) -> Make:
    def make(tape: Tape, given: ir.Value) -> ir.Value:
        numbers = [
            embed(tape, np.array(n, np.float32), f"{name}") for name, n in (("low", low), ("kept", 0.0))
        ]
        made = tape.op("Where", [tape.op("Greater", [given, numbers[1]]), numbers[1], numbers[0]])
        made.type, made.shape = given.type, given.shape
        return made

    return make


def _of(operator: str) -> Make:
    def make(tape: Tape, given: ir.Value) -> ir.Value:
        made = tape.op(operator, [given])
        made.type, made.shape = given.type, given.shape
        return made

    return make


def _constant(*numbers: float) -> Make:
    row = np.array([[[numbers]]], np.float32)
    return lambda tape, given: embed(tape, row, "row")


def _behind_a_view(make: Make) -> Make:
    def viewed(tape: Tape, given: ir.Value) -> ir.Value:
        inner = make(tape, given)
        made = tape.op("Identity", [inner])
        made.type, made.shape = inner.type, inner.shape
        return made

    return viewed


MASK_DIMS = (1, 1, 1, "keys")
NUMBERS = np.array([[[[-np.inf, LOWEST, -1e31, -1e9, 2.0]]]], np.float32)  # an input of these dims
LOW: dict[str, tuple[Make, list[float]]] = {
    "an input": (lambda _, given: given, [-np.inf, FLOOR, FLOOR, -1e9, 2.0]),
    "computed": (_of("Neg"), [np.inf, -LOWEST, 1e31, 1e9, -2.0]),
    "filled with the lowest": (_filled(LOWEST), [FLOOR, FLOOR, FLOOR, FLOOR, 0.0]),
    "a constant": (_constant(-np.inf, LOWEST, 0.0, -1e9, 1.0), [-np.inf, FLOOR, 0.0, -1e9, 1.0]),
    "behind a view": (_behind_a_view(_filled(-1e31)), [FLOOR, FLOOR, FLOOR, FLOOR, 0.0]),
}
ABOVE: dict[str, tuple[Make, list[float]]] = {
    "filled with -1e9": (_filled(-1e9), [-1e9, -1e9, -1e9, -1e9, 0.0]),
    "filled with the floor itself": (_filled(FLOOR), [FLOOR, FLOOR, FLOOR, FLOOR, 0.0]),
    "filled with -inf": (_filled(-np.inf), [-np.inf, -np.inf, -np.inf, -np.inf, 0.0]),
    "a constant": (_constant(-np.inf, -1e4, 0.0, -1e9, 1.0), [-np.inf, -1e4, 0.0, -1e9, 1.0]),
    "behind a view": (_behind_a_view(_filled(-np.inf)), [-np.inf, -np.inf, -np.inf, -np.inf, 0.0]),
    "a logarithm": (
        lambda tape, given: _of("Log")(tape, _of("Relu")(tape, given)),
        [-np.inf] * 4 + [np.log(2.0)],
    ),
}


@pytest.mark.parametrize("mask", LOW)
def test_finite_numbers_are_floored_and_infinite_ones_kept(mask: str) -> None:
    make, expected = LOW[mask]
    ready = ORT_CPU.ready(_attentions(MASK_DIMS, make))
    assert operators(ready)["Max"] == 1
    found = _mask_of(ready, _drawn(ready, NUMBERS))
    wanted = np.broadcast_to(np.array(expected, np.float32), (1, 1, SIZES.queries, SIZES.keys))
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("mask", ABOVE)
def test_what_is_known_to_be_above_is_not(mask: str) -> None:
    make, expected = ABOVE[mask]
    ready = ORT_CPU.ready(_attentions(MASK_DIMS, make))
    assert not {"Max", "IsInf"} & set(operators(ready))
    found = _mask_of(ready, _drawn(ready, NUMBERS))
    wanted = np.broadcast_to(np.array(expected, np.float32), (1, 1, SIZES.queries, SIZES.keys))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_a_row_of_nothing_but_the_lowest_number_is_attended_to_evenly(plainly: Plainly) -> None:
    model = _attentions(("queries", "keys"))
    mask = np.zeros((SIZES.queries, SIZES.keys), np.float32)
    mask[1] = LOWEST
    inputs = _drawn(model, mask)
    found = plainly(ORT_CPU.ready(model))(inputs)["y0"]
    np.testing.assert_allclose(found[:, :, 1], inputs["v"].mean(2), rtol=1e-5)
    assert np.abs(plainly(model)(inputs)["y0"][:, :, 1] - inputs["v"].mean(2)).max() > TOLERANCE


def test_attentions_of_one_mask_and_of_equal_lengths_share_it() -> None:
    ready = ORT_CPU.ready(_attentions(MASK_DIMS, queries=("queries", "queries")))
    first, second = (node.inputs[MASK] for node in ready.graph if node.op_type == "Attention")
    assert first is second
    assert operators(ready)["Expand"] == operators(ready)["Max"] == 1


def test_where_the_queries_lengths_differ_each_has_its_own(
    plainly: Plainly, scaled_error: Callable[..., float]
) -> None:
    model = _attentions(MASK_DIMS, queries=("queries", "other", "queries"))
    ready = ORT_CPU.ready(model)
    first, second, third = (node.inputs[MASK] for node in ready.graph if node.op_type == "Attention")
    assert first is third is not second
    assert operators(ready)["Expand"] == 2
    mask = np.random.default_rng(drawn_seed(1)).standard_normal(SIZES.of(MASK_DIMS)).astype(np.float32)
    inputs = _drawn(model, mask)
    expected = {f"y{i}": _expected(inputs, f"q{i}", mask) for i in range(3)}
    assert scaled_error(expected, plainly(ready)(inputs)) < TOLERANCE


@pytest.mark.parametrize("dtype", [ir.DataType.FLOAT, ir.DataType.BOOL], ids=["float", "bool"])
def test_what_is_written_out_is_left_as_it_is(dtype: ir.DataType) -> None:
    once = ORT_CPU.ready(_attentions(MASK_DIMS, dtype=dtype))
    assert operators(ORT_CPU.ready(once)) == operators(once)


def test_what_is_added_belongs_to_the_attentions_module() -> None:
    model = _attentions(MASK_DIMS)
    expand_masks(model)
    assert {module_of(node) for node in model.graph} == {"layer.0"}
