from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from forms.catalog import FORMS
from measures import errors, in_units, int8_accuracy, largest
from row import Row, row_of

from edgeattn_export.graph.output_kinds import NUMBERS
from edgeattn_export.graph.spread import Moments

SEEN = 1e-2  # a hundred times what a form is allowed
ROWS = np.array([[300.0, 0.002], [-300.0, -0.002], [300.0, -0.002]])
SPREAD = Moments.of(ROWS, 2).spread(NUMBERS)


@pytest.fixture
def row() -> Row:
    return row_of(FORMS[0])


def test_a_wrong_scale_shows(row: Row) -> None:
    for node in row.lowered.model.graph:
        if node.op_type == "Attention":
            node.attributes["scale"] = ir.AttrFloat32("scale", 1.0)
    found = errors(row, in_units(row))
    assert min(error for name, error in found.items() if name.startswith("sample")) > SEEN


def test_int8_of_twice_the_answer_keeps_nothing(row: Row) -> None:
    (right,) = int8_accuracy(row)
    assert 0.99 < right.r2_channel_min < right.r2 < 1
    graph = row.quantized.model.graph
    (output,) = graph.outputs
    twice = ir.node("Add", [output, output])
    graph.append(twice)
    twice.outputs[0].name, output.name = output.name, "once"
    twice.outputs[0].type, twice.outputs[0].shape = output.type, output.shape
    graph.outputs[0] = twice.outputs[0]
    (wrong,) = int8_accuracy(row)
    assert wrong.r2_channel_min <= wrong.r2 < 0.1


def test_a_small_channel_shows_beside_a_large_one() -> None:
    wrong = ROWS * np.array([1.0, -1.0])
    assert largest(SPREAD, ROWS, wrong) > 1
    assert largest(SPREAD, ROWS, ROWS) == 0


def test_a_nan_or_infinity_counts_where_one_alone_has_it() -> None:
    lost = ROWS.copy()
    lost[0, 0] = np.inf
    assert largest(SPREAD, lost, lost) == 0
    assert largest(SPREAD, ROWS, lost) == largest(SPREAD, lost, ROWS) == 1000
    assert largest(SPREAD, ROWS, np.ones(2)) == np.inf
