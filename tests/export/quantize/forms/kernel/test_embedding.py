"""Embeddings with their norm in one node: without the kernel, the operators as they stood, bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.functions import DOMAIN, inlined, write_bodies
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import WORTHWHILE, embedding_int8
from edgeattn_export.quantize.forms.ort_cpu.kernel.embedding import kernel_embedding
from edgeattn_export.targets.cpu import FORMS

BATCH, LENGTH, WIDTH = 2, 5, 32
ROWS = WORTHWHILE // WIDTH  # of a table that is worth storing in int8

Rows = Callable[[str, Sequence[int | str]], ir.Value]  # of ids, by their name and dims
Build = Callable[[Tape, Rows], ir.Value]
WHOLE = ("batch", "length")


def _model(build: Build, *, dtype: ir.DataType = ir.DataType.INT64, axis: int = -1) -> ir.Model:
    """Return a norm of what ``build`` makes of rows of tables."""
    generator = np.random.default_rng(drawn_seed(0))
    tape = Tape()
    ids: dict[str, ir.Value] = {}

    def rows(name: str, dims: Sequence[int | str]) -> ir.Value:
        ids[name] = ir.val(name, dtype, dims)
        table = embed(tape, generator.standard_normal((ROWS, WIDTH)).astype(np.float32), f"{name}.table")
        return _shaped(tape.op("Gather", [table, ids[name]]), (*dims, WIDTH))

    total = build(tape, rows)
    scale, bias = (
        embed(tape, generator.standard_normal(WIDTH).astype(np.float32), name) for name in ("scale", "bias")
    )
    y = tape.op("LayerNormalization", [total, scale, bias], {"axis": axis, "epsilon": 1e-6})
    _shaped(y, (*WHOLE, WIDTH)).name = "y"
    return model_of(tape, list(ids.values()), [y], 23, "edgeattn")


def _shaped(value: ir.Value, dims: Sequence[int | str]) -> ir.Value:
    value.type, value.shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape(dims)
    return value


def _sum(tape: Tape, *terms: ir.Value, op_type: str = "Sum") -> ir.Value:
    return _shaped(tape.op(op_type, terms), (*WHOLE, WIDTH))


def _words(_: Tape, rows: Rows) -> ir.Value:
    return rows("words", WHOLE)


def _as_bert(tape: Tape, rows: Rows) -> ir.Value:
    inner = _sum(tape, rows("words", WHOLE), rows("types", WHOLE), op_type="Add")
    return _sum(tape, inner, rows("positions", (1, "length")))


def _places_first(tape: Tape, rows: Rows) -> ir.Value:
    return _sum(tape, rows("positions", ("length",)), rows("words", WHOLE))


def _sum_last(tape: Tape, rows: Rows) -> ir.Value:
    return _sum(tape, rows("words", WHOLE), _sum(tape, rows("types", WHOLE), rows("more", WHOLE)))


@pytest.mark.parametrize("in_int8", [False, True])
@pytest.mark.parametrize("build", [_words, _as_bert, _places_first, _sum_last])
def test_without_the_kernel_no_bit_changes(build: Build, in_int8: bool) -> None:
    model = _model(build)
    if in_int8:
        apply(embedding_int8, model)
    sizes = {"batch": BATCH, "length": LENGTH}
    inputs = {
        value.name or "": np.random.default_rng(drawn_seed(1)).integers(
            -ROWS, ROWS, [dim if isinstance(dim, int) else sizes[str(dim.value)] for dim in value.shape or ()]
        )
        for value in model.graph.inputs
    }
    expected = ORT_CPU.runner(model)(inputs)["y"]
    assert len(apply(kernel_embedding, model).sites) == 1
    write_bodies(model, FORMS.bodies)
    assert [(node.domain, node.op_type) for node in model.graph] == [(DOMAIN, "Embedding")]
    for way in (model, inlined(model)):
        np.testing.assert_array_equal(ORT_CPU.runner(way)(inputs)["y"], expected)


def _read_twice(tape: Tape, rows: Rows) -> ir.Value:
    words = rows("words", WHOLE)
    return _sum(tape, words, _sum(tape, words, rows("types", WHOLE)))


def _of_floats(tape: Tape, rows: Rows) -> ir.Value:
    return _sum(tape, rows("words", WHOLE), _shaped(tape.op("Neg", [rows("types", WHOLE)]), (*WHOLE, WIDTH)))


def _of_two_sums(tape: Tape, rows: Rows) -> ir.Value:
    pairs = (("a", "b"), ("c", "d"))
    return _sum(tape, *(_sum(tape, *(rows(name, WHOLE) for name in pair)) for pair in pairs))


def _of_four(tape: Tape, rows: Rows) -> ir.Value:
    return _sum(tape, rows("d", WHOLE), _sum_last(tape, rows))


def _places_alone(_: Tape, rows: Rows) -> ir.Value:
    return rows("positions", (1, "length"))


@pytest.mark.parametrize(
    "build", [_read_twice, _of_floats, _of_two_sums, _of_four, _places_alone], ids=lambda it: it.__name__
)
def test_other_sums_are_left_alone(build: Build) -> None:
    assert not apply(kernel_embedding, _model(build)).sites


def test_other_ids_and_other_axes_are_left_alone() -> None:
    assert not apply(kernel_embedding, _model(_words, dtype=ir.DataType.INT32)).sites
    assert not apply(kernel_embedding, _model(_words, axis=1)).sites
