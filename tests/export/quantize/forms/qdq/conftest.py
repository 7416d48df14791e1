"""A tiny encoder without operators of opset 23, and small graphs written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
import pytest
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.capture.translation.dim_names import name_dims
from edgeattn_export.graph.apply import apply
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.quantize.forms.qdq.pair import STORING
from edgeattn_export.recover import Recovered

Dims = tuple[int | str, ...]
Write = Callable[[Tape, dict[str, ir.Value]], ir.Value]


@pytest.fixture(scope="session")
def plain(recovered: Recovered) -> ir.Model:
    """The tiny encoder for engines of opset 21."""
    model = recovered.model.clone()
    for rule in DECOMPOSED:
        apply(rule, model)
    return model


@pytest.fixture(scope="session")
def written() -> Callable[[Mapping[str, tuple[ir.DataType, Dims]], Write], ir.Model]:
    """A function that builds a graph of opset 21 with one output, y, and names all dims in it."""

    def build(inputs: Mapping[str, tuple[ir.DataType, Dims]], write: Write) -> ir.Model:
        tape = Tape()
        values = {name: ir.val(name, *end) for name, end in inputs.items()}
        output = write(tape, values)
        output.name, output.dtype = "y", ir.DataType.FLOAT
        model = model_of(tape, list(values.values()), [output], 21)
        name_dims(model)
        return model

    return build


@pytest.fixture(scope="session")
def attention(written: Callable[[Mapping[str, tuple[ir.DataType, Dims]], Write], ir.Model]) -> ir.Model:
    """Softmax(x + Where(seen, 0, -1e30)) times x: x (batch, keys, keys), seen (batch, 1, keys)."""

    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        zero, floor = (_scalar(tape, number) for number in (0.0, -1e30))
        mask = tape.op("Where", [values["seen"], zero, floor])
        scores = tape.op("Add", [values["x"], mask])
        return tape.op("MatMul", [tape.op("Softmax", [scores], {"axis": -1}), values["x"]])

    square = ("batch", "keys", "keys")
    return written(
        {"x": (ir.DataType.FLOAT, square), "seen": (ir.DataType.BOOL, ("batch", 1, "keys"))}, write
    )


@pytest.fixture(scope="session")
def widths() -> Callable[[ir.Value], list[ir.DataType]]:
    """A function that returns the dtypes in which a value is stored, one after the other."""

    def read(value: ir.Value) -> list[ir.DataType]:
        found = []
        while (reader := value.uses()[0].node).op_type in STORING:
            value = reader.outputs[0]
            found += [value.dtype] if reader.op_type == "QuantizeLinear" else []
        return found

    return read


def _scalar(tape: Tape, number: float) -> ir.Value:
    array: NDArray[np.float32] = np.array(number, np.float32)
    return tape.initializer(ir.tensor(array, name=f"number.{number}"))
