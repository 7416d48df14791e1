"""Linear layers as they stand in a graph."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.graph.dataflow import constant, dims, is_constant, only_user, producer
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.quantize.linear import Floats

ROOTS = frozenset({"MatMul", "Gemm"})


@dataclass(frozen=True, slots=True)
class Match:
    """``output = x @ weight + bias``: weight (D, N), or (N, D) where it is transposed; bias (N) or None."""

    x: ir.Value
    weight: ir.Value
    transposed: bool
    bias: ir.Value | None
    output: ir.Value
    module: str

    @property
    def array(self) -> Floats:
        """The weight as (D, N)."""
        weight = floats(self.weight)
        return weight.T if self.transposed else weight


@dataclass(frozen=True, slots=True)
class Layer:
    """A linear layer of a float graph, by names alone, so that it is found again in any copy of it.

    Attributes:
        name: The PyTorch module's, with #2, #3 and so on where the module has several products.
        module: The PyTorch module's.
        node: Where its form begins.
        x: Its input.
        output: What it makes, the bias included.
        weight: Its weight; layers that share one share its name.
        bias: Its bias; empty where it has none.
        source: The operator that makes its input; empty for an input of the graph.
        width: D, its input's channels.
        channels: N, its output's.
    """

    name: str
    module: str
    node: str
    x: str
    output: str
    weight: str
    bias: str
    source: str
    width: int
    channels: int


def match_linear(node: ir.Node) -> Match | None:
    """Match a product with a constant float matrix, and the addition of a constant bias behind it."""
    if node.op_type not in ROOTS or node.domain:
        return None
    x, weight = node.inputs[:2]
    if x is None or weight is None:
        return None
    match = _gemm(node, x, weight) if node.op_type == "Gemm" else _matmul(node, x, weight)
    if match is None or not is_constant(match.weight) or len(dims(match.weight)) != 2:
        return None
    return match if match.weight.dtype is ir.DataType.FLOAT else None


def find_layers(model: ir.Model) -> tuple[Layer, ...]:
    """Return the linear layers of a graph in its order."""
    found: list[Layer] = []
    seen: Counter[str] = Counter()
    for node in model.graph:
        match = match_linear(node)
        if match is None:
            continue
        seen[match.module] += 1
        number = seen[match.module]
        source = match.x.producer()
        shape = [int(str(size)) for size in dims(match.weight)]
        width, channels = reversed(shape) if match.transposed else shape
        found.append(
            Layer(
                name=match.module if number == 1 else f"{match.module}#{number}",
                module=match.module,
                node=node.name or "",
                x=match.x.name or "",
                output=match.output.name or "",
                weight=match.weight.name or "",
                bias=(match.bias.name or "") if match.bias is not None else "",
                source=source.op_type if source is not None else "",
                width=width,
                channels=channels,
            )
        )
    return tuple(found)


def floats(value: ir.Value) -> Floats:
    """Return a constant as float32."""
    known = constant(value)
    if known is None:
        raise TypeError(f"{value.name}: not constant; a match lets only constants pass")
    return known.astype("float32", copy=False)


def _gemm(node: ir.Node, x: ir.Value, weight: ir.Value) -> Match | None:
    attributes = node.attributes
    plain = attributes.get_float("alpha", 1.0) == 1 and attributes.get_float("beta", 1.0) == 1
    bias, output = node.inputs[2] if len(node.inputs) > 2 else None, node.outputs[0]
    if not plain or attributes.get_int("transA") or (bias is not None and not _is_bias(bias, output)):
        return None
    return Match(x, weight, bool(attributes.get_int("transB", 0)), bias, output, module_of(node))


def _matmul(node: ir.Node, x: ir.Value, weight: ir.Value) -> Match:
    product = node.outputs[0]
    # The exporter folds the transpose of a linear layer's weight, but not where several layers share it.
    transpose = producer(weight, "Transpose")
    source = transpose.inputs[0] if transpose is not None else None
    weight, transposed = (weight, False) if source is None else (source, True)
    add = only_user(product)
    if add is not None and add.op_type == "Add":
        bias = add.inputs[1] if add.inputs[0] is product else add.inputs[0]
        if bias is not None and _is_bias(bias, product):
            return Match(x, weight, transposed, bias, add.outputs[0], module_of(node))
    return Match(x, weight, transposed, None, product, module_of(node))


def _is_bias(value: ir.Value, product: ir.Value) -> bool:
    return is_constant(value) and len(dims(value)) == 1 and dims(value) == dims(product)[-1:]
