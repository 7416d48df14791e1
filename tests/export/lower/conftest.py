"""Graphs of one operator, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.scopes import MODULE

Dims = tuple[int | str, ...]
Attributes = Mapping[str, int | float | str]


@pytest.fixture(scope="session")
def operator() -> Callable[..., ir.Model]:
    """A function that builds a graph of one operator of opset 23, its inputs named x0, x1 and so on."""

    def build(
        op_type: str,
        inputs: Sequence[tuple[ir.DataType, Dims] | None],
        output: Dims,
        attributes: Attributes | None = None,
        shown: int = 1,
    ) -> ir.Model:
        tape = Tape()
        values = [None if each is None else ir.val(f"x{i}", *each) for i, each in enumerate(inputs)]
        outputs = [ir.val("y", ir.DataType.FLOAT, output)]
        outputs += [ir.val(f"y{i}", ir.DataType.FLOAT) for i in range(1, shown)]
        tape.op_multi_out(
            op_type, values, attributes, outputs=outputs, metadata_props={MODULE: "encoder.part"}
        )
        given = [value for value in values if value is not None]
        return model_of(tape, given, outputs)

    return build
