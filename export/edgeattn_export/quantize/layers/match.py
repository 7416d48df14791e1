"""Linear layers as they stand in a graph."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.graph.dataflow import constant, dims, is_constant, only_user, producer
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.quantize.layers.deciding import decides
from edgeattn_export.quantize.layers.layout import LAST, ChannelsFirst, Layout, Patches
from edgeattn_export.quantize.layers.linear import Floats

ROOTS = frozenset({"MatMul", "Gemm", "Conv"})


@dataclass(frozen=True, slots=True)
class Match:
    """``output = x @ weight + bias``: weight (D, N), or (N, D...) where it is transposed; bias (N) or None.

    Attributes:
        layout: Where the channels of ``x`` and ``output`` stand.
    """

    x: ir.Value
    weight: ir.Value
    transposed: bool
    bias: ir.Value | None
    output: ir.Value
    module: str
    layout: Layout = LAST

    @property
    def array(self) -> Floats:
        """The weight as (D, N)."""
        weight = floats(self.weight)
        return weight.reshape(len(weight), -1).T if self.transposed else weight

    @property
    def sizes(self) -> tuple[int, int]:
        """D and N."""
        first, *others = (int(str(size)) for size in dims(self.weight))
        rest = math.prod(others)
        return (rest, first) if self.transposed else (first, rest)


@dataclass(frozen=True, slots=True)
class Layer:
    """A linear layer of a float graph, by its names, which any copy of the graph has too.

    Attributes:
        name: The PyTorch module's, with #2, #3 and so on where the module has several products; the output's
            where no module is known.
        module: The PyTorch module's.
        node: Where its form begins.
        x: Its input.
        output: What it makes, the bias included.
        weight: Its weight; layers that share one share its name.
        bias: Its bias; empty where it has none.
        source: The operator that makes its input; empty for an input of the graph.
        width: D, its input's channels.
        channels: N, its output's.
        layout: Where the channels stand.
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
    layout: Layout = LAST


def match_linear(node: ir.Node) -> Match | None:
    """Match a product with a constant float matrix, and a constant bias that is added to it.

    A convolution whose windows do not overlap is one, see ``layout``.
    """
    if node.op_type not in ROOTS or node.domain:
        return None
    x, weight = node.inputs[:2]
    if x is None or weight is None:
        return None
    match = _MATCHERS[node.op_type](node, x, weight)
    if match is None or not is_constant(match.weight) or match.weight.dtype is not ir.DataType.FLOAT:
        return None
    return match if node.op_type == "Conv" or len(dims(match.weight)) == 2 else None


def matches_of(model: ir.Model) -> dict[str, Match]:
    """Return the linear layers of a graph, those too that stay float, by their node's name."""
    return {node.name or "": match for node in model.graph if (match := match_linear(node)) is not None}


def find_layers(model: ir.Model) -> tuple[Layer, ...]:
    """Return the linear layers of a graph in its order, but for those that stay float, see ``deciding``."""
    layers: list[Layer] = []
    counts: Counter[str] = Counter()
    for node in model.graph:
        match = match_linear(node)
        if match is None or decides(match.output):
            continue
        stem = match.module or match.output.name or ""  # an ONNX file names no modules
        counts[stem] += 1
        source = match.x.producer()
        width, channels = match.sizes
        layers.append(
            Layer(
                name=stem if counts[stem] == 1 else f"{stem}#{counts[stem]}",
                module=match.module,
                node=node.name or "",
                x=match.x.name or "",
                output=match.output.name or "",
                weight=match.weight.name or "",
                bias=(match.bias.name or "") if match.bias is not None else "",
                source=source.op_type if source is not None else "",
                width=width,
                channels=channels,
                layout=match.layout,
            )
        )
    return tuple(layers)


def floats(value: ir.Value) -> Floats:
    """Return a constant as float32."""
    array = constant(value)
    if array is None:
        raise TypeError(f"{value.name}: not constant; a match lets only constants pass")
    return array.astype("float32", copy=False)


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


def _conv(node: ir.Node, x: ir.Value, weight: ir.Value) -> Match | None:
    layout = _layout(node, x, weight)
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    if layout is None or (bias is not None and not is_constant(bias)):
        return None
    return Match(x, weight, True, bias, node.outputs[0], module_of(node), layout)


def _layout(node: ir.Node, x: ir.Value, weight: ir.Value) -> Layout | None:
    """Return the layout of a convolution whose windows do not overlap, or None of any other."""
    kernel, inside = dims(weight)[2:], dims(x)[2:]
    sizes = tuple(size for size in kernel if isinstance(size, int))
    steps = _ints(node, "strides", [1] * len(kernel))
    plain = not any(_ints(node, "pads", [0])) and set(_ints(node, "dilations", [1])) == {1}
    whole = node.attributes.get_string("auto_pad", "NOTSET") in ("NOTSET", "VALID")
    if not (plain and whole) or node.attributes.get_int("group", 1) != 1 or steps != list(kernel):
        return None
    if set(sizes) == {1}:
        return ChannelsFirst(len(sizes))
    if not all(isinstance(size, int) for size in inside) or len(inside) != len(sizes):
        return None
    counts = tuple(divmod(int(str(size)), step) for size, step in zip(inside, sizes, strict=True))
    if any(rest for _, rest in counts):
        return None  # what does not fill a window is left out
    return Patches(int(str(dims(weight)[1])), tuple(count for count, _ in counts), sizes)


def _ints(node: ir.Node, name: str, default: list[int]) -> list[int]:
    attribute = node.attributes.get(name)
    return default if attribute is None else list(attribute.as_ints())


_MATCHERS = {"Gemm": _gemm, "MatMul": _matmul, "Conv": _conv}


def _is_bias(value: ir.Value, product: ir.Value) -> bool:
    return is_constant(value) and len(dims(value)) == 1 and dims(value) == dims(product)[-1:]
