"""What samples give away by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn.judge.sample_warnings import sample_warnings
from edgeattn_export.graph.samples import Sample, Samples, SampleSplit
from edgeattn_runtime.graph import Graph, Tensor


def captured(rows: int, *, cast: bool = False, length: int | str = "sequence") -> Any:
    ids = ir.Value(name="ids", shape=ir.Shape(["batch", "sequence"]), type=ir.TensorType(ir.DataType.INT64))
    table = ir.Value(name="table", const_value=ir.tensor(np.zeros((rows, 2), np.float32)))
    nodes = [ir.Node("", "Cast", [ids])] if cast else []
    nodes.append(ir.Node("", "Gather", [table, nodes[0].outputs[0] if cast else ids]))
    graph = ir.Graph([ids], nodes[-1].outputs, nodes=nodes, initializers=[table])
    contract = Graph((Tensor("ids", "int64", ("batch", length)),), ())
    return SimpleNamespace(model=ir.Model(graph, ir_version=10), graph=contract)


def split(*values: Sequence[int]) -> SampleSplit:
    parts = [Samples((Sample({"ids": np.array([each])}),)) for each in values]
    return SampleSplit(*parts)


UNKNOWN = split([101, 100, 102], [101, 100, 100, 102], [101, 100, 102, 0])


@pytest.mark.parametrize("cast", [False, True])
def test_a_vocabulary_of_which_samples_use_a_handful_is_named(cast: bool) -> None:
    (line,) = sample_warnings(captured(30522, cast=cast), UNKNOWN)
    assert line == (
        "Input 'ids' holds nothing but 0, 100, 101, 102 in all 3 samples, and its table has 30522 rows: "
        "is its tokenizer the model's own?"
    )


def test_small_tables_and_samples_that_vary_are_left_alone() -> None:
    assert sample_warnings(captured(2), UNKNOWN) == ()
    assert sample_warnings(captured(63), UNKNOWN) == ()
    assert len(sample_warnings(captured(64), UNKNOWN)) == 1
    assert sample_warnings(captured(30522), split([101, 7, 102], [101, 8, 102], [101, 9, 102])) == ()


def test_a_length_that_all_samples_share_is_a_line() -> None:
    varied = split([1, 2], [3, 4], [5, 6])
    (line,) = sample_warnings(captured(100, length=2), varied)
    assert line == "Axis 1 of ids is 2 in all samples, and fixed in the bundle."
    assert sample_warnings(captured(100), varied) == ()
    assert sample_warnings(captured(100, length=1), varied) == ()  # a label each, not a sequence
