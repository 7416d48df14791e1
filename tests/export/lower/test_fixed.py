from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import onnx_ir as ir
import pytest
from fixture_types import Plainly
from hypothesis import given
from hypothesis import strategies as st
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import dims, operators
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import MODULE
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.fixed import BucketLimits, bind, choose_lengths, choose_sizes
from edgeattn_export.quantize import Quantized
from edgeattn_export.recover import Recovered
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.errors import ModelError, SampleError
from edgeattn_runtime.graph import Graph, Tensor

TOLERANCE = 1e-6  # of the output's scale
SIZES = [(1, 1), (1, 7), (2, 12), (3, 31)]


@pytest.fixture(scope="module")
def plain(recovered: Recovered) -> ir.Model:
    """The tiny encoder without operators of opset 23."""
    model = recovered.model.clone()
    for rule in DECOMPOSED:
        apply(rule, model)
    return model


@pytest.mark.parametrize(("batch", "sequence"), SIZES)
def test_a_bound_graph_answers_as_the_dynamic_one(
    batch: int,
    sequence: int,
    plain: ir.Model,
    encoder: Captured,
    samples: Samples,
    plainly: Plainly,
    scaled_error: Callable[..., float],
) -> None:
    sizes = {"batch": batch, "sequence": sequence}
    inputs = sized_inputs(samples, encoder.axes, sizes)
    assert scaled_error(plainly(plain)(inputs), plainly(bind(plain, sizes))(inputs)) < TOLERANCE


def test_no_size_is_left_open_or_computed(plain: ir.Model) -> None:
    bound = bind(plain, {"batch": 1, "sequence": 7})
    assert not {"Shape", "Range", "Slice"} & set(operators(bound))
    values = [value for node in bound.graph for value in node.outputs]
    assert all(isinstance(dim, int) for value in (*bound.graph.inputs, *values) for dim in dims(value))


def test_the_given_graph_is_left_as_it_is(plain: ir.Model) -> None:
    before = serialize(plain)
    bind(plain, {"batch": 1, "sequence": 7})
    assert serialize(plain) == before


def test_weights_are_the_tensors_that_they_were(quantized: Quantized) -> None:
    """Also those of an int8 graph: several sizes are written with one file of weights."""
    whole = {id(value.const_value) for value in quantized.model.graph.initializers.values()}
    for sequence in (4, 9):
        bound = bind(quantized.model, {"batch": 1, "sequence": sequence})
        large = [v.const_value for v in bound.graph.initializers.values() if v.const_value.nbytes > 4096]
        assert large
        assert {id(tensor) for tensor in large} <= whole


def test_a_quantized_constant_stays_as_it_is_stored() -> None:
    tape = Tape()
    x, y = (ir.val(name, ir.DataType.FLOAT, ("batch", 4)) for name in "xy")
    stored = tape.initializer(ir.tensor(np.ones(4, np.int8), name="stored"))
    scale = tape.initializer(ir.tensor(np.float32(0.5), name="scale"))
    tape.op("Add", [x, tape.op("DequantizeLinear", [stored, scale])], output=y)
    bound = bind(model_of(tape, [x], [y], 21), {"batch": 2})
    assert operators(bound) == {"DequantizeLinear": 1, "Add": 1}


def test_a_size_that_follows_from_numbers_is_an_error() -> None:
    tape = Tape()
    x, y = ir.val("x", ir.DataType.FLOAT, ("batch", 4)), ir.val("y", ir.DataType.INT64, (2, None))
    tape.op("NonZero", [x], output=y, metadata_props={MODULE: "router"})
    with pytest.raises(ModelError, match=r"NonZero in router.*batch 2"):
        bind(model_of(tape, [x], [y]), {"batch": 2})


LENGTHS = st.lists(st.integers(1, 20), min_size=1, max_size=12)
TEXT = Graph(
    (Tensor("tokens", "int64", ("batch", "sequence")), Tensor("mask", "int64", ("batch", "sequence"))), ()
)
IMAGE = Graph((Tensor("image", "float32", ("batch", 3, "height", "width")),), ())
PADDED = Rows("batch", Padding("mask", 0))
ALONE = Rows("batch", None)


def _padding(lengths: list[int], chosen: tuple[int, ...]) -> float:
    total = sum(min(each for each in chosen if each >= length) for length in lengths)
    return 1 - sum(lengths) / total


@given(lengths=LENGTHS, most=st.integers(1, 4), padding=st.floats(0, 0.5))
def test_no_choice_of_as_few_pads_less(lengths: list[int], most: int, padding: float) -> None:
    chosen = choose_lengths(lengths, most, padding)
    assert chosen[-1] == max(lengths)
    assert len(chosen) <= most
    found = _padding(lengths, chosen)
    others = [
        (*rest, max(lengths))
        for count in range(len(chosen))
        for rest in combinations(sorted(set(lengths) - {max(lengths)}), count)
    ]
    assert found <= min(_padding(lengths, other) for other in others) + 1e-12
    fewer = [other for other in others if len(other) < len(chosen)]
    assert all(_padding(lengths, other) > padding for other in fewer)


def test_rows_are_answered_one_by_one_and_padded_to_few_lengths() -> None:
    seen = [{"batch": 2, "sequence": length} for length in (5, 7, 8, 30, 31, 32)]
    assert choose_sizes(seen, TEXT, PADDED) == ({"batch": 1, "sequence": 8}, {"batch": 1, "sequence": 32})


def test_what_may_not_be_padded_gets_a_graph_for_each_size() -> None:
    seen = [{"batch": 1, "height": h, "width": w} for h, w in ((32, 32), (32, 64), (32, 32))]
    chosen = choose_sizes(seen, IMAGE, ALONE)
    assert chosen == ({"batch": 1, "height": 32, "width": 32}, {"batch": 1, "height": 32, "width": 64})


def test_a_batch_that_is_not_proven_to_be_of_rows_keeps_its_size() -> None:
    seen = [{"batch": 3, "sequence": 8}, {"batch": 3, "sequence": 8}]
    assert choose_sizes(seen, TEXT, None) == ({"batch": 3, "sequence": 8},)


def test_too_many_sizes_are_told_with_what_to_do() -> None:
    seen = [{"batch": 1, "sequence": length} for length in range(4, 16)]
    named = r"12 sizes.*sequence .*4 to 15.* 4.*sequence 9 or 15,"
    with pytest.raises(SampleError, match=named):
        choose_sizes(seen, TEXT, ALONE, BucketLimits(most=4))


def test_where_two_axes_vary_one_size_of_each_is_proposed() -> None:
    seen = [{"batch": 1, "height": size, "width": 2 * size} for size in range(4, 16)]
    with pytest.raises(SampleError, match="height 15, width 30,"):
        choose_sizes(seen, IMAGE, ALONE, BucketLimits(most=4))
