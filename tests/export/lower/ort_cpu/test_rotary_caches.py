from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from fixture_types import Plainly
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.scopes import MODULE, module_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_cpu.rotary_caches import CACHES, expand_caches
from edgeattn_runtime.errors import BundleError

TOLERANCE = 1e-6  # of numbers near 1
LENGTH, HEADS, HALF = 3, 2, 2

Dims = tuple[str | int, ...]
Arrays = Mapping[str, NDArray[np.float32]]

SHARED: Dims = (1, "length", HALF)
FOR_EACH_ROW: Dims = ("batch", "length", HALF)
UNLIKE: Dims = ("rows", "length", HALF)  # a row a batch in fact, which the graph does not show


def _rotary(cache: Dims, *, layers: int = 1, positions: bool = False) -> ir.Model:
    """Return layers that turn x (batch, heads, length, size), one by one, by the same caches."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("batch", HEADS, "length", 2 * HALF))
    cos, sin = (ir.val(name, ir.DataType.FLOAT, cache[1:] if positions else cache) for name in ("cos", "sin"))
    places = ir.val("places", ir.DataType.INT64, ("batch", "length"))
    turned = x
    for layer in range(layers):
        output = ir.val(f"y{layer}", ir.DataType.FLOAT, x.shape)
        inputs = [turned, cos, sin, *([places] if positions else [])]
        tape.op("RotaryEmbedding", inputs, output=output, metadata_props={MODULE: f"layer.{layer}"})
        turned = output
    given = [x, cos, sin, *([places] if positions else [])]
    return model_of(tape, given, [turned])


def _drawn(batch: int, rows: int) -> Arrays:
    draw = np.random.default_rng(drawn_seed(0))
    angle = draw.random((rows, LENGTH, HALF), np.float32)
    x = draw.random((batch, HEADS, LENGTH, 2 * HALF), np.float32)
    return {"x": x, "cos": np.cos(angle), "sin": np.sin(angle)}


def _turned(inputs: Arrays, times: int = 1) -> NDArray[np.float32]:
    x, cos, sin = inputs["x"], inputs["cos"][:, None], inputs["sin"][:, None]
    for _ in range(times):
        first, second = x[..., :HALF], x[..., HALF:]
        x = np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)
    return x


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("cache", [SHARED, FOR_EACH_ROW, UNLIKE], ids=["shared", "a row", "unlike"])
def test_caches_have_a_row_for_each_of_the_batch(cache: Dims, batch: int, plainly: Plainly) -> None:
    model = _rotary(cache)
    inputs = _drawn(batch, 1 if cache == SHARED else batch)
    ready = ORT_CPU.ready(model)
    assert ("Expand" in operators(ready)) == (cache != FOR_EACH_ROW)
    np.testing.assert_allclose(plainly(ready)(inputs)["y0"], _turned(inputs), atol=TOLERANCE)
    assert operators(model) == {"RotaryEmbedding": 1}


def test_without_that_the_kernel_refuses_a_batch(plainly: Plainly) -> None:
    with pytest.raises(BundleError):
        plainly(_rotary(SHARED))(_drawn(3, 1))


def test_layers_of_one_cache_share_it(plainly: Plainly) -> None:
    ready = ORT_CPU.ready(_rotary(SHARED, layers=2))
    first, second = (node for node in ready.graph if node.op_type == "RotaryEmbedding")
    assert [first.inputs[index] for index in CACHES] == [second.inputs[index] for index in CACHES]
    assert operators(ready)["Expand"] == len(CACHES)
    inputs = _drawn(3, 1)
    np.testing.assert_allclose(plainly(ready)(inputs)["y1"], _turned(inputs, 2), atol=TOLERANCE)


def test_what_is_written_out_is_left_as_it_is() -> None:
    once = ORT_CPU.ready(_rotary(SHARED))
    assert operators(ORT_CPU.ready(once)) == operators(once)


def test_with_positions_a_cache_has_no_batch_and_stays() -> None:
    assert operators(ORT_CPU.ready(_rotary(SHARED, positions=True))) == {"RotaryEmbedding": 1}


def test_what_is_added_belongs_to_the_module() -> None:
    model = _rotary(SHARED)
    expand_caches(model)
    assert {module_of(node) for node in model.graph} == {"layer.0"}


def test_caches_of_unknown_dims_are_written_out(plainly: Plainly) -> None:
    model = _rotary(SHARED)
    (node,) = model.graph
    for index in CACHES:
        tape = Tape()
        node.replace_input_with(index, tape.op("Identity", [node.inputs[index]]))
        model.graph.insert_before(node, tape.nodes)
    inputs = _drawn(3, 1)
    np.testing.assert_allclose(plainly(ORT_CPU.ready(model))(inputs)["y0"], _turned(inputs), atol=TOLERANCE)
