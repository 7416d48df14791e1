"""Points at which PyTorch and graphs are compared: tensors between modules, found as values of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn.judge.noise import relative_error
from edgeattn.judge.trace.recording import Origin, Recorded, recorded
from edgeattn_export.capture import Captured
from edgeattn_export.capture.captured import EXPORT_TOLERANCE
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.agreement import Units, output_dims
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.values import values_of, with_outputs
from edgeattn_runtime.errors import BadInput

ANOTHER_VALUE = 0.1  # relative error from which on a value of a right graph is not the one looked for


@dataclass(frozen=True, slots=True)
class Point:
    """A tensor that one module hands to another."""

    origin: Origin
    value: str

    @property
    def module(self) -> str:
        """The module that computes it; empty for the model itself."""
        return self.origin.owner


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

    Raises:
        BadInput: The graph is of an ONNX file.
    """
    model, reference = captured.model, module_behind(captured)
    floats = [name for name, value in values_of(model).items() if value.dtype is ir.DataType.FLOAT]
    values = captured.engine.runner(with_outputs(model, floats))(inputs)
    answer = reference(inputs)
    units = Units.of(output_dims(captured.graph), [answer])
    right = units.disagreement(answer, values, EXPORT_TOLERANCE) is None
    return _nearest_values(model, values, recorded(reference, inputs), right=right)


def _nearest_values(model: ir.Model, values: Outputs, tensors: Recorded, *, right: bool) -> tuple[Point, ...]:
    points: dict[str, Point] = {}
    for origin, tensor in tensors.items():
        errors = {
            name: relative_error(tensor, values[name])
            for name in _candidates(model, origin)
            if name in values and values[name].shape == tensor.shape and values[name].dtype.kind == "f"
        }
        if errors:
            nearest = min(errors, key=errors.__getitem__)
            if not right or errors[nearest] < ANOTHER_VALUE:
                points.setdefault(nearest, Point(origin, nearest))
    return tuple(points.values())


def _candidates(model: ir.Model, origin: Origin) -> Iterator[str]:
    inside = [node for node in model.graph if _is_within(module_of(node), origin.module)]
    members = set(inside)
    if origin.end == "input":
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


def names_in_graphs(
    models: Sequence[ir.Model], points: Iterable[Point], expected: Outputs, flowing: Outputs
) -> dict[str, str]:
    """Return the graphs' own names of the values of points, as far as they have them.

    A value keeps its name through every rewrite, but for what an encoder gives to its decoder, such as the
    keys of a cross-attention: there the nearest value that comes of the same module is taken.

    Args:
        models: The graphs.
        points: In PyTorch's order.
        expected: What flows at them for one input, by their values.
        flowing: What flows in the graphs for the same input, by their own names.
    """
    all_points, boundary = list(points), _handed_over(models)
    own = {it.value: it.value for it in all_points if _fits(it.value, it, expected, flowing)}
    taken = set(own.values())
    pairs = [
        (relative_error(expected[point.value], flowing[name]), point.value, name)
        for point in all_points
        if point.value not in own and point.origin.end == "output"
        for name, modules in boundary.items()
        if point.module in modules and name not in taken and _fits(name, point, expected, flowing)
    ]
    for _, value, name in sorted(pairs):
        if value not in own and name not in taken:
            own[value] = name
            taken.add(name)
    return {it.value: own[it.value] for it in all_points if it.value in own}


def _fits(name: str, point: Point, expected: Outputs, flowing: Outputs) -> bool:
    value = flowing.get(name)
    return value is not None and value.dtype.kind == "f" and value.shape == expected[point.value].shape


def _handed_over(models: Iterable[ir.Model]) -> dict[str, tuple[str, ...]]:
    """Return the modules of what one graph gives and another takes, by its name."""
    graphs = list(models)
    taken = {value.name for model in graphs for value in model.graph.inputs}
    return {
        value.name or "": tuple(_modules(module_of(node)))
        for model in graphs
        for value in model.graph.outputs
        if value.name in taken and (node := value.producer()) is not None
    }


def _modules(path: str) -> Iterator[str]:
    """Yield the modules that a node came from: of ``layer.key+value``, ``layer.key`` and ``layer.value``."""
    first, *others = path.split("+")
    parent = first.rpartition(".")[0]
    yield first
    for other in others:
        yield other if "." in other or not parent else f"{parent}.{other}"
