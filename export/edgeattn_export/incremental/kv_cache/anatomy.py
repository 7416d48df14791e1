"""A decoder's graph, understood: what each value reads, and along which axes it grows with the tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph import dataflow
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples
from edgeattn_export.incremental.kv_cache.measured_dims import Measured, measure_dims
from edgeattn_export.incremental.kv_cache.roles import Roles
from edgeattn_export.incremental.refusal import CannotStep, has_subgraph

Dims = tuple[int | str | None, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """The inputs whose values reach a value, and the symbols whose sizes do; both empty for a constant."""

    values: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()

    def __or__(self, other: Origin) -> Origin:
        return Origin(self.values | other.values, self.sizes | other.sizes)


CONSTANT = Origin()


def trace_origins(graph: ir.Graph, dims: Callable[[ir.Value | None], Dims]) -> Mapping[ir.Value, Origin]:
    """Follow the inputs through a sorted graph whose values have ``dims``.

    A Shape knows only sizes, and only those of the axes that it reads; where a size is no symbol's, the
    Shape counts as its input's value.
    """
    origins = {value: Origin(values=frozenset({value.name or ""})) for value in graph.inputs}
    for node in graph:
        joined = CONSTANT
        for value in node.inputs:
            if value is not None:
                joined |= origins.get(value, CONSTANT)
        sizes = sizes_read(node, dims)
        if sizes is not None:
            joined = Origin(sizes=frozenset(dim for dim in sizes if isinstance(dim, str)))
        origins.update(dict.fromkeys(node.outputs, joined))
    return origins


def sizes_read(node: ir.Node, dims: Callable[[ir.Value | None], Dims]) -> tuple[int | str, ...] | None:
    """Return what a Shape answers with, or None where that is no list of numbers and symbols."""
    if node.op_type != "Shape":
        return None
    first, last = node.attributes.get_int("start", 0), node.attributes.get_int("end", None)
    read = dims(node.inputs[0])[first:last]
    sizes = tuple(dim for dim in read if dim is not None)
    return sizes if len(sizes) == len(read) else None


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A graph with its roles. Each of its values is of exactly one of four kinds.

    It reads the tokens; or it is by their length, known once their number is; or it is by the source, known
    before the first token; or it is fixed, but for the sizes of the batch and of the source.

    Attributes:
        lengths: By symbol that a source has, the value of its size there, int64 (1,).
    """

    model: ir.Model
    roles: Roles
    measured: Mapping[str, Measured]
    origins: Mapping[ir.Value, Origin]
    lengths: Mapping[str, ir.Value]
    engine: Engine

    def reads_tokens(self, value: ir.Value | None) -> bool:
        """Say whether the tokens' values reach ``value``."""
        return self.roles.tokens.name in self._origin(value).values

    def by_length(self, value: ir.Value | None) -> bool:
        """Say whether the tokens reach ``value`` only by their number."""
        return not self.reads_tokens(value) and self.roles.sequence in self._origin(value).sizes

    def by_source(self, value: ir.Value | None) -> bool:
        """Say whether ``value`` is computed of the source, and of nothing that changes with the tokens."""
        return bool(self._origin(value).values) and not (self.reads_tokens(value) or self.by_length(value))

    def dims(self, value: ir.Value | None) -> Dims:
        """Return the dims of a value: measured where a node computes it."""
        return _dims(self.measured, value)

    def dtype(self, value: ir.Value) -> ir.DataType:
        """Return the element type of a value."""
        measured_value = self.measured.get(value.name or "")
        dtype = value.dtype if measured_value is None else measured_value.dtype
        if dtype is None:
            raise TypeError(f"{value.name}: neither computed nor typed")
        return dtype

    def grown_axes(self, value: ir.Value) -> tuple[int, ...]:
        """Return the axes along which a value has a slice a token."""
        return tuple(axis for axis, dim in enumerate(self.dims(value)) if dim == self.roles.sequence)

    def _origin(self, value: ir.Value | None) -> Origin:
        return CONSTANT if value is None else self.origins.get(value, CONSTANT)


def study(model: ir.Model, roles: Roles, captured: Captured, samples: Samples) -> Anatomy:
    """Measure and trace a recovered graph.

    Raises:
        CannotStep: It has control flow.
    """
    for node in model.graph:
        if has_subgraph(node):
            raise CannotStep(f"{node.op_type} {node.name!r} holds a graph of its own; expected none")
    model = model.clone()
    lengths = _source_lengths(model.graph, roles)
    measured = measure_dims(model, captured, samples)
    origins = trace_origins(model.graph, lambda value: _dims(measured, value))
    return Anatomy(model, roles, measured, origins, lengths, captured.engine)


def _source_lengths(graph: ir.Graph, roles: Roles) -> dict[str, ir.Value]:
    """Put before a graph the sizes of its sources."""
    tape, lengths = Tape(), dict[str, ir.Value]()
    inputs = {value.name: value for value in graph.inputs}
    for tensor in roles.sources:
        for axis, dim in enumerate(tensor.dims):
            if isinstance(dim, str) and dim not in lengths:
                lengths[dim] = tape.op("Shape", [inputs[tensor.name]], {"start": axis, "end": axis + 1})
                lengths[dim].name = f"{dim}_size"
    graph.insert_before(next(iter(graph)), tape.nodes)
    return lengths


def _dims(measured: Mapping[str, Measured], value: ir.Value | None) -> Dims:
    measured_value = measured.get(value.name or "") if value is not None else None
    return dataflow.dims(value) if measured_value is None else measured_value.dims
