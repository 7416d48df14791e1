from __future__ import annotations

import numpy as np
import onnx_ir as ir
from forms.catalog import FORMS
from measures import error, errors
from row import row_of

SEEN = 1e-2  # a hundred times what a form is allowed


def test_a_wrong_scale_shows() -> None:
    row = row_of(FORMS[0])
    for node in row.lowered.model.graph:
        if node.op_type == "Attention":
            node.attributes["scale"] = ir.AttrFloat32("scale", 1.0)
    assert min(error for name, error in errors(row).items() if name.startswith("sample")) > SEEN


def test_an_error_is_a_share_of_the_largest_number() -> None:
    expected = np.array([0.0, -4.0])
    assert error(expected, np.array([1.0, -4.0])) == 0.25
    assert error(np.zeros(2), np.array([0.0, 2.0])) == 2.0


def test_an_infinity_of_both_is_left_out() -> None:
    expected = np.array([-np.inf, 2.0])
    assert error(expected, np.array([-np.inf, 1.0])) == 0.5
    assert error(expected, np.array([0.0, 2.0])) == np.inf


def test_a_nan_or_other_dims_are_no_match() -> None:
    number = np.ones(2)
    assert error(number, np.array([1.0, np.nan])) == np.inf
    assert error(np.array([1.0, np.nan]), number) == np.inf
    assert error(number, np.ones((1, 2))) == np.inf
