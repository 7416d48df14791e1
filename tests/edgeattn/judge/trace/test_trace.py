"""A planted fault is named first; ``tests/bench/bench_trace.py`` plants them in the reference models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from plants import Fault, halve_scale, ignore_mask, planted, saturate, shuffle_weights

from edgeattn.judge.padding import Padded
from edgeattn.judge.trace import trace
from edgeattn.judge.trace.bundle import graphs_of
from edgeattn.judge.trace.inputs import TraceInput, trace_inputs
from edgeattn.judge.trace.module_error import FLOAT_ERROR
from edgeattn.judge.trace.points import points_of
from edgeattn.judge.trace.probe import TracedGraphs
from edgeattn.progress import Silent
from edgeattn.results.trace import Trace
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import SampleSplit
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput, BundleError


@pytest.fixture(scope="module")
def inputs(captured: Captured, samples: SampleSplit) -> list[TraceInput]:
    return list(
        trace_inputs(samples.evaluation, Padded.of(captured, samples.selection), captured.axes, {}, 0)
    )


@pytest.fixture
def int8(folder: Path) -> TracedGraphs:
    files = open_bundle(folder)
    return graphs_of(files, files.manifest.variants[0])


@pytest.fixture
def value_of(captured: Captured, inputs: list[TraceInput]) -> Callable[[str], str]:
    """Return the graphs' name of what a module computes."""
    points = points_of(captured, inputs[-1].inputs)
    return {point.module: point.value for point in points}.__getitem__


def first(found: Trace) -> str:
    return found.modules[0].module


def test_a_right_graph_has_no_faults(
    captured: Captured, int8: TracedGraphs, inputs: list[TraceInput]
) -> None:
    found = trace(captured, int8, inputs, Silent())
    assert {error.module for error in found.modules} == {"", "embed", "query", "key", "value", "tags"}
    for error in found.modules:
        assert error.faults == ()
        assert error.in_float.introduced < FLOAT_ERROR / 10
        assert error.in_float.accumulated < FLOAT_ERROR / 10
        assert error.in_int8 is not None
        assert error.in_int8.introduced < 0.1
    assert found.inputs == len(inputs)


@pytest.mark.parametrize("fault", [shuffle_weights, saturate, halve_scale])
@pytest.mark.parametrize("module", ["query", "value"])
def test_a_fault_in_the_int8_graph_is_named_first(
    fault: Fault,
    module: str,
    captured: Captured,
    int8: TracedGraphs,
    inputs: list[TraceInput],
    value_of: Callable[[str], str],
) -> None:
    faulty = planted(int8.models[0], value_of(module), fault)
    assert faulty is not None
    found = trace(captured, replace(int8, models=(faulty,)), inputs, Silent())
    worst = found.modules[0]
    assert worst.module == module
    assert worst.in_int8 is not None
    assert worst.in_int8.introduced > 0.2
    assert len(worst.in_int8.worst) == 3
    assert worst.in_int8.worst[0].introduced >= worst.in_int8.introduced


@pytest.mark.parametrize("fault", [shuffle_weights, saturate])
def test_a_wrong_float_export_is_named_first(
    fault: Fault,
    captured: Captured,
    int8: TracedGraphs,
    inputs: list[TraceInput],
    value_of: Callable[[str], str],
) -> None:
    faulty = planted(captured.model, value_of("key"), fault)
    assert faulty is not None
    found = trace(replace(captured, model=faulty), int8, inputs, Silent())
    assert first(found) == "key"
    assert found.modules[0].faults == ("float",)
    assert [error.module for error in found.modules if error.faults] == ["key"]  # not those behind it


def test_an_ignored_mask_shows_on_padded_inputs_alone(
    captured: Captured, int8: TracedGraphs, inputs: list[TraceInput], value_of: Callable[[str], str]
) -> None:
    faulty = planted(int8.models[0], value_of(""), ignore_mask)
    assert faulty is not None
    found = trace(captured, replace(int8, models=(faulty,)), inputs, Silent())
    worst = found.modules[0]
    assert worst.module == ""  # the attention is computed by the model itself
    assert worst.faults == ("int8",)
    assert worst.in_int8 is not None
    assert all(it.sample.endswith(" padded") for it in worst.in_int8.worst)


def test_an_onnx_file_has_no_modules(
    captured: Captured, int8: TracedGraphs, inputs: list[TraceInput]
) -> None:
    no_module = replace(captured, reference=captured.engine.runner(captured.model))
    with pytest.raises(BadInput, match="ONNX"):
        trace(no_module, int8, inputs, Silent())


def test_a_graph_of_other_names_is_refused(
    captured: Captured, int8: TracedGraphs, inputs: list[TraceInput]
) -> None:
    other = int8.models[0].clone()
    for node in other.graph:
        for output in node.outputs:
            if not output.is_graph_output():
                output.name = f"{output.name}.other"
    for output in other.graph.outputs:
        output.name = "other"
    with pytest.raises(BundleError):
        trace(captured, replace(int8, models=(other,)), inputs, Silent())


def test_only_graphs_in_onnx_show_their_inside(folder: Path) -> None:
    files = open_bundle(folder)
    compiled = replace(files.manifest.variants[0], files={"model": "model.ort"})
    with pytest.raises(BadInput, match=r"model\.ort: "):
        graphs_of(files, compiled)
