from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower import lower
from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH


def test_a_sample_is_a_prompt_and_its_rest(derivation: Callable[[str], Any]) -> None:
    found = derivation("rotary")
    halves = found.steps.samples(found.samples, ORT_CPU)[MAIN_GRAPH]
    assert len(halves) == 2 * len(found.samples)
    for sample, prompt, rest in zip(found.samples, halves[::2], halves[1::2], strict=True):
        joined = np.concatenate([prompt.inputs["tokens"], rest.inputs["tokens"]], axis=1)
        np.testing.assert_array_equal(joined, sample.inputs["tokens"])
        assert prompt.inputs["past_length"].tolist() == [0]
        assert rest.inputs["past_length"].tolist() == [prompt.inputs["tokens"].shape[1]]
        room = {half.inputs["past_key_0"].shape[2] for half in (prompt, rest)}
        assert room == {sample.inputs["tokens"].shape[1]}


@pytest.mark.parametrize("name", ["learned", "rotary", "translation"])
def test_int8_steps_load_and_run(
    name: str, derivation: Callable[[str], Any], int8_of: Callable[[ir.Model, Samples], Quantized]
) -> None:
    found = derivation(name)
    graphs, samples_of = found.steps.graphs, found.steps.samples(found.samples, ORT_CPU)
    assert graphs.keys() == samples_of.keys()
    for graph_name, samples in samples_of.items():
        lowered = lower(graphs[graph_name].model, LOWERINGS, ORT_CPU, [sample.inputs for sample in samples])
        assert lowered.refused == ()
        quantized = int8_of(lowered.model, samples)
        assert operators(quantized.model)["DynamicQuantizeMatMul"] > 0
        assert all(layer.r2 is None or layer.r2 > 0.98 for layer in quantized.layers)
