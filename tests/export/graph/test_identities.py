from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.graph.identities import RemoveIdentities
from edgeattn_export.graph.operators import operators
from edgeattn_export.lower.ort_cpu import ORT_CPU

X = {"x": np.array([3.0, -4.0], np.float32)}


def chain(*names: str, outputs: Sequence[str]) -> ir.Model:
    """Return a graph in which ``neg`` is Neg of the value before it, and any other name an Identity of it."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (2,))
    values = [x]
    for name in names:
        made = ir.val(name, ir.DataType.FLOAT, (2,))
        tape.op("Neg" if name == "neg" else "Identity", [values[-1]], output=made)
        values.append(made)
    ends = [value for value in values if value.name in outputs]
    return ir.Model(
        ir.Graph([x], ends, nodes=tape.nodes, opset_imports={"": 23}, name="chain"), ir_version=10
    )


@pytest.mark.parametrize(
    ("names", "outputs", "left"),
    [
        (("a", "neg"), ["neg"], 0),
        (("a", "b", "neg"), ["neg"], 0),
        (("neg", "a"), ["a"], 0),
        (("neg", "a", "b"), ["b"], 0),
        (("neg", "a"), ["neg", "a"], 1),
        (("neg", "a", "b"), ["neg", "b"], 1),
        (("neg", "a", "b"), ["neg", "a", "b"], 2),
        (("a",), ["a"], 1),
    ],
)
def test_what_holds_no_two_ends_apart_goes_and_the_answers_stay(
    names: tuple[str, ...], outputs: list[str], left: int
) -> None:
    model = chain(*names, outputs=outputs)
    expected = ORT_CPU.runner(model)(X)
    result = RemoveIdentities()(model)
    assert result.modified == (left < len(set(names) - {"neg"}))
    assert operators(model).get("Identity", 0) == left
    assert [value.name for value in model.graph.outputs] == outputs
    found = ORT_CPU.runner(model)(X)
    assert {name: value.tolist() for name, value in found.items()} == {
        name: value.tolist() for name, value in expected.items()
    }
