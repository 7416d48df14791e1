"""PyTorch module by module against the float graph against int8: what each module adds to the error.

Two errors at each point, both relative (see ``edgeattn.judge.noise``) to what PyTorch has there for the same
input:

- *accumulated*: of what flows there when the graph runs as ever;
- *introduced*: of what the graph makes there of PyTorch's own tensors at the points before. So it is the
  module's own.

The second is that of a shadow module in PyTorch's Numeric Suite (``torch.ao.ns``), which is fed the float
module's inputs, but for whatever a graph has become: it is cut at the points, and all its steps run at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import onnx_ir as ir

from edgeattn.judge.trace.inputs import TraceInput
from edgeattn.judge.trace.module_error import Departures, Step, by_module
from edgeattn.judge.trace.points import Point, module_behind, points_of
from edgeattn.judge.trace.probe import Probe, TracedGraphs
from edgeattn.judge.trace.recording import Floats, recorded
from edgeattn.progress import Progress
from edgeattn.results.trace import Departure, Trace
from edgeattn_export.capture import Captured
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.values import values_of
from edgeattn_runtime.errors import BundleError, EdgeAttnError


def trace(captured: Captured, int8: TracedGraphs, trials: Sequence[TraceInput], progress: Progress) -> Trace:
    """Find where int8, or the float graph, departs from PyTorch.

    Args:
        captured: The float graph, and the module that it is of.
        int8: What was made of it.
        trials: Inputs, at least one real; others are left out where the model does not take them.
        progress: Told before each of them.

    Raises:
        BadInput: The original is no PyTorch module, but an ONNX file.
        BundleError: The int8 graph has none of the float graph's values.
        ModelError: The module fails on an input.
    """
    reference = module_behind(captured)
    # In which a value's dims are most specific.
    largest = max(trials, key=lambda trial: sum(array.size for array in trial.inputs.values()))
    points = points_of(captured, largest.inputs)
    graphs = (TracedGraphs((captured.model,), captured.engine), int8)
    expected = _expected(reference, points, largest)
    in_float, in_int8 = (Departures(Probe(it, points, expected, largest.inputs)) for it in graphs)
    if not in_int8.values:
        raise BundleError(
            "the int8 graph has none of the values of the float graph; a bundle made with the tools that are "
            "here expected; export the model again"
        )
    run = 0
    for i, trial in enumerate(trials):
        progress.step(i, len(trials), trial.name)
        try:
            right = _expected(reference, points, trial)
            in_float.add(trial, right)
            in_int8.add(trial, right)
        except EdgeAttnError:
            if trial.real:
                raise
            continue  # what is made up may be beyond the model
        run += 1
    steps = [
        _step(captured, point, in_float.at(point.value), in_int8)
        for point in points
        if point.value in in_float.values
    ]
    return Trace(by_module(steps), run)


def _step(captured: Captured, point: Point, in_float: Departure, in_int8: Departures) -> Step:
    is_in_graph = point.value in in_int8.values
    value = point.value if is_in_graph else next_value(captured.model, point.value, in_int8.values)
    return Step(point.module, in_float, None if value is None else in_int8.at(value), merged=not is_in_graph)


def _expected(reference: Reference, points: Sequence[Point], trial: TraceInput) -> dict[str, Floats]:
    tensors = recorded(reference, trial.inputs)
    return {point.value: tensors[point.origin] for point in points if point.origin in tensors}


def next_value(model: ir.Model, value: str, names: Collection[str]) -> str | None:
    """Return the nearest value behind another that is known; None where there is none."""
    order = {name: i for i, name in enumerate(values_of(model))}
    waiting, visited, next_names = [values_of(model)[value]], set[ir.Value](), list[str]()
    while waiting:
        for use in waiting.pop().uses():
            new = [output for output in use.node.outputs if output not in visited]
            visited.update(new)
            next_names += [output.name or "" for output in new if output.name in names]
            waiting += [output for output in new if output.name not in names]
    return min(next_names, key=lambda name: order[name], default=None)
