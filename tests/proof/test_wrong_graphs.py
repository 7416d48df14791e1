"""Each kind of mutation changes a tensor that it is made for, and a kept graph answers the same."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

sys.path.insert(0, str(Path(__file__).parent))

from wrong_graphs import OF_A_TENSOR, changed_tensor, kept, mutants

RNG = np.random.default_rng(0)
WEIGHT = RNG.normal(size=(16, 16)).astype(np.float32)
BIAS = RNG.normal(size=16).astype(np.float32)
CODES = RNG.integers(-128, 128, (16, 16)).astype(np.int8)
GRAPH = onnx.parser.parse_model(
    '<ir_version: 10, opset_import: ["": 23]> g (float[n, 16] x) => (float[n, 16] y) '
    "{ z = MatMul(x, weight) z2 = Add(z, bias) y = LayerNormalization<epsilon = 1.0e-5>(z2, gain) }"
)
GRAPH.graph.initializer.extend(
    [
        numpy_helper.from_array(WEIGHT, "weight"),
        numpy_helper.from_array(BIAS, "bias"),
        numpy_helper.from_array(np.ones(16, np.float32), "gain"),
    ]
)


def answer(graph: onnx.ModelProto) -> np.ndarray:
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": WEIGHT[:4]})
    return np.asarray(found)


@pytest.mark.parametrize("kind", OF_A_TENSOR)
def test_each_kind_changes_a_tensor_and_nothing_of_its_form(kind: str) -> None:
    given = {"a bias dropped": BIAS, "int8 saturated": CODES}.get(kind, WEIGHT)
    changed = changed_tensor(numpy_helper.from_array(given, "w"), kind, Random(0))
    assert changed is not None
    after = numpy_helper.to_array(changed)
    assert (changed.name, after.shape, after.dtype) == ("w", given.shape, given.dtype)
    assert not np.array_equal(after, given)


def test_a_mutant_differs_in_one_thing_and_leaves_the_graph_alone() -> None:
    before = GRAPH.SerializeToString()
    kinds = set()
    for (kind, mutant), _ in zip(mutants(GRAPH, Random(0)), range(60), strict=False):
        kinds.add(kind)
        pairs = zip(mutant.graph.initializer, GRAPH.graph.initializer, strict=True)
        differing = sum(a.raw_data != b.raw_data for a, b in pairs)
        nodes = sum(a != b for a, b in zip(mutant.graph.node, GRAPH.graph.node, strict=True))
        assert differing + nodes == 1
    assert {"an epsilon changed", "a square transposed", "a bias dropped"} <= kinds
    assert GRAPH.SerializeToString() == before


def test_a_kept_graph_answers_the_same_by_other_sums() -> None:
    other = kept(GRAPH, Random(0))
    assert [node.op_type for node in other.graph.node][:2] == ["Gather", "MatMul"]
    np.testing.assert_allclose(answer(other), answer(GRAPH), rtol=1e-4, atol=1e-5)


def test_a_mask_is_inverted_where_there_is_one() -> None:
    masked = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["": 23]> g (float[n, n] x) => (float[n, n] y) '
        "<float[2] table = {1, 2}, float excluded = {-1000}, float kept = {0}> "
        "{ seen = Cast<to = 9>(x) lower = Trilu<upper = 0>(x) mask = Where(seen, kept, excluded) "
        "y = Add(lower, mask) }"
    )
    changes = {
        (node.op_type, *node.input, *(each.i for each in node.attribute))
        for (kind, mutant), _ in zip(mutants(masked, Random(0)), range(40), strict=False)
        for node, before in zip(mutant.graph.node, masked.graph.node, strict=True)
        if kind == "a mask inverted" and node != before
    }
    assert changes == {("Trilu", "x", 1), ("Where", "seen", "excluded", "kept")}
