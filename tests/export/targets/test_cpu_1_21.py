from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.samples import Inputs, Sample, Samples
from edgeattn_export.incremental import Cached, WholeGraph
from edgeattn_export.lower.decomposed.opset import write_at_opset
from edgeattn_export.lower.ort_1_21 import ENVIRONMENT, ORT_1_21
from edgeattn_export.quantize import Calibration, quantize
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.recover import Recovered
from edgeattn_export.targets import LoweredGraphs, lower_for
from edgeattn_export.targets.cpu_1_21 import CPU_1_21
from edgeattn_runtime.engine import system

ROWS = 9  # fewer than those that onnxruntime 1.21 multiplies wrongly on a CPU with AMX
TOLERANCE = 1e-5  # float operators round in another order
DRAWN = np.random.default_rng(drawn_seed(0))


@pytest.fixture(scope="module")
def graphs(encoder: Captured, recovered: Recovered, samples: Samples) -> LoweredGraphs:
    return lower_for(CPU_1_21, Cached(WholeGraph.of(recovered.model, encoder)), samples)


def test_an_attention_is_the_operator_of_older_releases(graphs: LoweredGraphs) -> None:
    assert graphs.refused == ()
    assert graphs.applied == {"multi-head attention": 1, "residual sum": 2}
    assert graphs.graphs.main.model.opset_imports[""] == CPU_1_21.opset == 21


@pytest.mark.parametrize("form", CPU_1_21.forms.linear)
def test_a_layer_in_every_form_answers_on_the_oldest_release_as_here(
    form: str, by_hand: Callable[..., ir.Model]
) -> None:
    model = by_hand(DRAWN.standard_normal((64, 32)).astype(np.float32), np.ones(32, np.float32))
    write_at_opset(model, CPU_1_21.opset)
    inputs = [{"x": DRAWN.standard_normal((1, length, 64)).astype(np.float32)} for length in (1, ROWS)]
    _agree(_quantized(model, [Sample(each, {}) for each in inputs], Treatment(form)), inputs)


def test_a_model_answers_on_the_oldest_release_as_here(graphs: LoweredGraphs, samples: Samples) -> None:
    model = _quantized(
        graphs.graphs.main.model, samples, Treatment("int8"), "int8 rows", *CPU_1_21.candidates.others
    )
    assert operators(model)["MultiHeadAttention"] == 1
    _agree(model, [sample.inputs for sample in samples])


def test_values_absorb_the_divisors_behind_an_attention(graphs: LoweredGraphs, samples: Samples) -> None:
    model = graphs.graphs.main.model
    smoothed = _quantized(model, samples, Treatment("int8", (("smoothing", 0.5),)))
    (attention,) = (node for node in smoothed.graph if node.op_type == "MultiHeadAttention")
    assert {use.node.op_type for use in attention.outputs[0].uses()} == {"DynamicQuantizeMatMul"}


def _quantized(model: ir.Model, samples: Samples, treatment: Treatment, *rewrites: str) -> ir.Model:
    calibration = Calibration(model, samples, CPU_1_21.prover, CPU_1_21.forms)
    return quantize(calibration, Recipe("one", ((EVERY, treatment),), rewrites)).model


def _agree(model: ir.Model, inputs: Iterable[Inputs]) -> None:
    if (lacking := ENVIRONMENT.missing()) is not None:
        pytest.skip(lacking)
    oldest = ORT_1_21.on(Elsewhere(ENVIRONMENT))  # on any CPU
    here, there = (engine.runner(model) for engine in (CPU_1_21.prover, oldest))
    for each in inputs:
        expected, found = here(each), there(each)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=TOLERANCE, atol=TOLERANCE)


def test_a_cpu_with_amx_proves_nothing_on_the_oldest_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags\t\t: avx2 amx_int8 amx_tile\n")
    monkeypatch.setattr(system, "CPUINFO", cpuinfo)
    assert "amx_int8" in (CPU_1_21.engine.host.missing() or "")
    assert CPU_1_21.device is CPU_1_21.prover
