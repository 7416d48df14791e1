from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed

from edgeattn_export.graph.samples import Inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.qdq.floors import MARGIN, raise_floors
from edgeattn_export.quantize.forms.qdq.whole import WholeQdq
from edgeattn_export.quantize.layers.ranges import MASKED_OUT, Range, ranges_of

STEP = 2**-16  # of attention weights
DRAWN = np.random.default_rng(drawn_seed(0))


def _inputs(batch: int, keys: int, shown: float = 0.6) -> Inputs:
    x = DRAWN.standard_normal((batch, keys, keys)).astype(np.float32)
    seen = DRAWN.random((batch, 1, keys)) < shown
    seen[..., 0] = True
    return {"x": x, "seen": seen}


TRIALS = [_inputs(2, keys) for keys in (3, 5, 8)]


def _known(model: ir.Model) -> list[float]:
    return [float(v.const_value.numpy()) for v in model.graph.initializers.values() if v.const_value]


def test_a_mask_is_as_low_as_its_softmax_needs(attention: ir.Model) -> None:
    model = attention.clone()
    ranges = ranges_of(model, TRIALS, ORT_CPU)
    found = raise_floors(model, ranges)
    low, floor = ranges[_masked(model)].low, min(_known(model))
    assert floor == pytest.approx(low - MARGIN - ranges["x"].high, abs=1e-5)
    assert min(each.low for each in found.values()) == pytest.approx(floor, abs=1e-5)
    assert found[_masked(model)].low == pytest.approx(low - MARGIN)


def test_what_is_masked_out_still_weighs_nothing(attention: ir.Model) -> None:
    model = attention.clone()
    raise_floors(model, ranges_of(model, TRIALS, ORT_CPU))
    for inputs in TRIALS:
        expected, found = ORT_CPU.runner(attention)(inputs)["y"], ORT_CPU.runner(model)(inputs)["y"]
        np.testing.assert_allclose(found, expected, atol=STEP * inputs["x"].shape[-1])


@pytest.mark.parametrize("raised", [True, False])
def test_steps_are_those_of_the_scores(*, raised: bool, attention: ir.Model) -> None:
    """With a mask as low as it was, a 16-bit step is larger than all scores, and attention uniform."""
    model = attention.clone()
    ranges = ranges_of(model, TRIALS, ORT_CPU)
    if not raised:
        ranges[_masked(model)] = Range(-1e30, 0)
    WholeQdq().store(model, ranges)
    exact, stored = ORT_CPU.runner(attention), ORT_CPU.runner(model)
    error = max(float(np.abs(exact(each)["y"] - stored(each)["y"]).max()) for each in TRIALS)
    assert (error < 1e-3) is raised


def test_a_graph_without_a_mask_stays_as_it_is(attention: ir.Model) -> None:
    model = attention.clone()
    mask = next(node for node in model.graph if node.op_type == "Where")
    ir.convenience.replace_all_uses_with(mask.outputs[0], model.graph.inputs[0])
    ranges = dict.fromkeys((value.name or "" for node in model.graph for value in node.outputs), Range(-1, 1))
    assert raise_floors(model, ranges) == ranges
    assert min(_known(model)) < MASKED_OUT


def _masked(model: ir.Model) -> str:
    return next(node.inputs[0].name or "" for node in model.graph if node.op_type == "Softmax")
