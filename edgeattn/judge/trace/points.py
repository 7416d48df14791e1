"""Points at which PyTorch and graphs are compared: tensors between modules, found as values of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn.judge.trace.noise import relative_error
from edgeattn.judge.trace.recording import Place, Recorded, recorded
from edgeattn_export.capture import Captured
from edgeattn_export.capture.captured import EXPORT_TOLERANCE
from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.agreement import Outputs, disagreement
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.taps import tapped, values_of
from edgeattn_runtime.errors import BadInput

ANOTHER = 0.1  # relative error from which on a value of a right graph is not the one looked for


@dataclass(frozen=True, slots=True)
class Point:
    """A tensor that one module hands to another.

    Attributes:
        place: Where PyTorch shows it.
        value: Its name in every graph: a value keeps it through all rewrites.
    """

    place: Place
    value: str

    @property
    def module(self) -> str:
        """The module that computes it; empty for the model itself."""
        return self.place.owner


def module_behind(captured: Captured) -> Reference:
    """Return the PyTorch module that a graph is of.

    Raises:
        BadInput: It is of an ONNX file.
    """
    if not isinstance(captured.reference, Reference):
        raise BadInput("an ONNX file found, which has no modules; a PyTorch model expected; name its file")
    return captured.reference


def points_of(captured: Captured, inputs: Inputs) -> tuple[Point, ...]:
    """Find the values of a float graph that are tensors between modules, in PyTorch's order.

    A module's output leaves the nodes that came from it, and its input enters them. Where several such values
    have the tensor's dims, the nearest is taken. Where the graph's outputs are PyTorch's, a value that is far
    from the tensor is another.

    Args:
        captured: The float graph as exported, whose nodes tell their modules.
        inputs: One input.

    Raises:
        BadInput: The graph is of an ONNX file.
    """
    model, reference = captured.model, module_behind(captured)
    floats = [name for name, value in values_of(model).items() if value.dtype is ir.DataType.FLOAT]
    values = captured.engine.runner(tapped(model, floats))(inputs)
    right = disagreement(reference(inputs), values, EXPORT_TOLERANCE) is None
    return _found(model, values, recorded(reference, inputs), right=right)


def _found(model: ir.Model, values: Outputs, tensors: Recorded, *, right: bool) -> tuple[Point, ...]:
    found: dict[str, Point] = {}
    for place, tensor in tensors.items():
        errors = {
            name: relative_error(tensor, values[name])
            for name in _candidates(model, place)
            if name in values and values[name].shape == tensor.shape and values[name].dtype.kind == "f"
        }
        if errors:
            nearest = min(errors, key=errors.__getitem__)
            if not right or errors[nearest] < ANOTHER:
                found.setdefault(nearest, Point(place, nearest))
    return tuple(found.values())


def _candidates(model: ir.Model, place: Place) -> Iterator[str]:
    inside = [node for node in model.graph if _is_within(module_of(node), place.module)]
    members = set(inside)
    if place.end == "input":
        values = (value for node in inside for value in node.inputs if value is not None)
        return _names(value for value in values if _made_elsewhere(value, members))
    return _names(value for node in inside for value in node.outputs if _leaves(value, members))


def _is_within(path: str, module: str) -> bool:
    return not module or path == module or path.startswith(f"{module}.")


def _made_elsewhere(value: ir.Value, members: set[ir.Node]) -> bool:
    node = value.producer()
    return node is not None and node not in members


def _leaves(value: ir.Value, members: set[ir.Node]) -> bool:
    return value.is_graph_output() or any(use.node not in members for use in value.uses())


def _names(values: Iterable[ir.Value]) -> Iterator[str]:
    return iter(dict.fromkeys(value.name or "" for value in values))
