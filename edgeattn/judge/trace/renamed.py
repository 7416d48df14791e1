"""What graphs call the values of points: as the float graph does, but for what an encoder hands over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import onnx_ir as ir

from edgeattn.judge.trace.noise import relative_error
from edgeattn.judge.trace.points import Point
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.scopes import module_of


def renamed(
    models: Sequence[ir.Model], points: Iterable[Point], expected: Outputs, seen: Outputs
) -> dict[str, str]:
    """Return the graphs' own names of the values of points, those alone that they have.

    A value keeps its name through every rewrite, but for what an encoder gives to its decoder, such as the
    keys of a cross-attention: there the nearest value that comes of the same module is taken.

    Args:
        models: The graphs.
        points: In PyTorch's order.
        expected: What flows at them for one input, by their values.
        seen: What flows in the graphs for the same input, by their own names.
    """
    known, handed = list(points), _handed_over(models)
    own = {it.value: it.value for it in known if _fits(it.value, it, expected, seen)}
    taken = set(own.values())
    pairs = [
        (relative_error(expected[point.value], seen[name]), point.value, name)
        for point in known
        if point.value not in own and point.place.end == "output"
        for name, modules in handed.items()
        if point.module in modules and name not in taken and _fits(name, point, expected, seen)
    ]
    for _, value, name in sorted(pairs):
        if value not in own and name not in taken:
            own[value] = name
            taken.add(name)
    return {it.value: own[it.value] for it in known if it.value in own}


def _fits(name: str, point: Point, expected: Outputs, seen: Outputs) -> bool:
    found = seen.get(name)
    return found is not None and found.dtype.kind == "f" and found.shape == expected[point.value].shape


def _handed_over(models: Iterable[ir.Model]) -> dict[str, tuple[str, ...]]:
    """Return the modules of what one graph gives and another takes, by its name."""
    known = list(models)
    taken = {value.name for model in known for value in model.graph.inputs}
    return {
        value.name or "": tuple(_modules(module_of(node)))
        for model in known
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
