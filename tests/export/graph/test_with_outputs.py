from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.values import values_of, with_outputs
from edgeattn_export.lower.ort_cpu import ORT_CPU

X = np.array([[[-1.0, 2.0]]], np.float32)


def test_values_are_shown_beside_the_graphs_own(by_hand: Callable[..., ir.Model]) -> None:
    model = by_hand(np.eye(2, dtype=np.float32), np.ones(2, np.float32), "Relu")
    before = serialize(model)
    actual = ORT_CPU.runner(with_outputs(model, ["hidden", "product"]))({"x": X})
    assert serialize(model) == before
    assert list(actual) == ["y", "hidden", "product"]
    np.testing.assert_array_equal(actual["hidden"], [[[0, 2]]])
    np.testing.assert_array_equal(actual["y"], [[[1, 3]]])


def test_an_input_of_the_graph_is_shown_too(by_hand: Callable[..., ir.Model]) -> None:
    actual = ORT_CPU.runner(with_outputs(by_hand(np.eye(2, dtype=np.float32)), ["x"]))({"x": X})
    np.testing.assert_array_equal(actual["x"], X)


def test_an_output_is_not_shown_twice(by_hand: Callable[..., ir.Model]) -> None:
    shown = with_outputs(by_hand(np.eye(2, dtype=np.float32)), ["y"])
    assert [value.name for value in shown.graph.outputs] == ["y"]


def test_values_are_what_nodes_make(by_hand: Callable[..., ir.Model]) -> None:
    model = by_hand(np.eye(2, dtype=np.float32), np.ones(2, np.float32), "Relu")
    assert list(values_of(model)) == ["hidden", "product", "y"]
