from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.files import serialize
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_cpu.flat_sum import flat_sum

SHAPE = ("batch", 5, 8)
INPUTS = "abcd"
DRAWN = np.random.default_rng(drawn_seed(0)).standard_normal((4, 3, 5, 8)).astype(np.float32)
X = dict(zip(INPUTS, 10.0 ** np.arange(4, dtype=np.float32)[:, None, None, None] * DRAWN, strict=True))

Dims = tuple[str | int, ...]


def _sums(*nested: str, dims: Sequence[Dims] = (SHAPE,) * 4, shown: bool = False) -> ir.Model:
    """Return a graph of sums, each of them beginning with the one before it."""
    tape = Tape()
    inputs = {name: ir.val(name, ir.DataType.FLOAT, d) for name, d in zip(INPUTS, dims, strict=True)}
    before: list[ir.Value] = []
    made: list[ir.Value] = []
    for index, names in enumerate(nested):
        output = ir.val(f"sum{index}", ir.DataType.FLOAT, SHAPE)
        tape.op("Sum", [*before, *(inputs[name] for name in names)], output=output)
        before, made = [output], [*made, output]
    outputs = made if shown else made[-1:]
    graph = ir.Graph(list(inputs.values()), outputs, nodes=tape.nodes, opset_imports={"": 23}, name="sums")
    return ir.Model(graph, ir_version=10)


@pytest.mark.parametrize("nested", [("ab", "c"), ("ab", "cd"), ("abc", "d"), ("a", "b"), ("ab", "c", "d")])
def test_sums_become_one_and_no_bit_changes(nested: tuple[str, ...]) -> None:
    model = _sums(*nested)
    expected = ORT_CPU.runner(model)(X)
    while apply(flat_sum, model).sites:
        pass
    assert operators(model) == {"Sum": 1}
    for name, value in expected.items():
        np.testing.assert_array_equal(ORT_CPU.runner(model)(X)[name], value)


@pytest.mark.parametrize(
    "model",
    [_sums("ab", "c", shown=True), _sums("ab", "c", dims=(SHAPE, SHAPE, (5, 8), SHAPE)), _sums("abcd")],
    ids=["a sum that is shown", "an addend that is broadcast", "a sum of inputs"],
)
def test_what_must_stay_stays(model: ir.Model) -> None:
    before = serialize(model)
    assert apply(flat_sum, model).sites == ()
    assert serialize(model) == before


def test_only_the_first_addend_is_taken_apart() -> None:
    tape = Tape()
    a, b, c = (ir.val(name, ir.DataType.FLOAT, SHAPE) for name in "abc")
    inner, outer = (ir.val(name, ir.DataType.FLOAT, SHAPE) for name in ("inner", "outer"))
    tape.op("Sum", [a, b], output=inner)
    tape.op("Sum", [c, inner], output=outer)  # b + c first would round otherwise
    assert apply(flat_sum, model_of(tape, [a, b, c], [outer])).sites == ()
