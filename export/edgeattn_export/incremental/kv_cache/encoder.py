"""The whole graph of an encoder-decoder -> what depends only on the sources, computed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.incremental.draft import tidied
from edgeattn_export.incremental.kv_cache.anatomy import Anatomy, sizes_read
from edgeattn_export.incremental.refusal import CannotStep


def source_encoder(anatomy: Anatomy, outputs: Iterable[tuple[ir.Value, ir.Value]]) -> ir.Model:
    """Return the part of the graph that computes the values asked for.

    Args:
        anatomy: The whole graph.
        outputs: Values of it, each with what has the name and dims that the encoder gives it.

    Raises:
        CannotStep: It asks for the size of an axis that the tokens have and no source has.
    """
    model = anatomy.model.clone()
    graph = model.graph
    values = {value.name: value for value in graph.inputs}
    values |= {value.name: value for node in graph for value in node.outputs}
    _read_sizes_of_sources(anatomy, graph, values)
    graph.outputs.clear()
    for old, new in outputs:
        graph.outputs.append(_named(graph, values[old.name], new))
    tidied(model)
    _remove_other_inputs(anatomy, graph)
    graph.name = "encoder"
    return model


def _read_sizes_of_sources(anatomy: Anatomy, graph: ir.Graph, values: Mapping[str | None, ir.Value]) -> None:
    """Read sizes off the sources that the graph reads off the tokens, such as the batch."""
    lengths = {symbol: values[length.name] for symbol, length in anatomy.lengths.items()}
    for old, node in zip(anatomy.model.graph, tuple(graph), strict=True):
        sizes = sizes_read(old, anatomy.dims)
        if not sizes or anatomy.by_source(old.inputs[0]):
            continue
        if all(isinstance(size, int) or size in lengths for size in sizes):
            tape = Tape()
            parts = [_size(tape, size, lengths) for size in sizes]
            joined = parts[0] if len(parts) == 1 else tape.op("Concat", parts, {"axis": 0})
            graph.insert_before(node, tape.nodes)
            node.outputs[0].replace_all_uses_with(joined)


def _size(tape: Tape, size: int | str, lengths: Mapping[str, ir.Value]) -> ir.Value:
    return lengths[size] if isinstance(size, str) else tape.op("Constant", [], {"value_ints": [size]})


def _remove_other_inputs(anatomy: Anatomy, graph: ir.Graph) -> None:
    sources = {tensor.name for tensor in anatomy.roles.sources}
    for value in tuple(graph.inputs):
        if value.name not in sources:
            if value.uses():
                raise CannotStep(
                    f"what depends only on {', '.join(sorted(sources))} also asks {value.name!r} for the "
                    "size of an axis; give a source that axis too, such as the batch"
                )
            graph.inputs.remove(value)


def _named(graph: ir.Graph, value: ir.Value, output: ir.Value) -> ir.Value:
    if value.is_graph_input() or value.is_graph_output():
        copy = ir.Node("", "Identity", [value])
        graph.append(copy)
        value = copy.outputs[0]
    value.name, value.type, value.shape = output.name, output.type, output.shape
    return value
