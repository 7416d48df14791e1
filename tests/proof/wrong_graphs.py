"""One thing of a graph made wrong, and changes that keep its answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

Array = NDArray[Any]
Change = Callable[[Array, Random], Array | None]  # None where a tensor cannot be changed so
NodeChange = Callable[[onnx.NodeProto], bool]  # in place; False where a node cannot be changed so

PRODUCTS = ("MatMul", "DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat")
LARGE_EPSILON = 1000.0  # times an epsilon, that a norm shows


def _scaled(factor: float) -> Change:
    def change(tensor: Array, _: Random) -> Array | None:
        return tensor * np.float32(factor) if tensor.dtype == np.float32 else None

    return change


def _rows_swapped(tensor: Array, draw: Random) -> Array | None:
    if tensor.ndim < 2 or len(tensor) < 2:
        return None
    first, second = draw.sample(range(len(tensor)), 2)
    changed = tensor.copy()
    changed[[first, second]] = changed[[second, first]]
    return changed


def _bias_dropped(tensor: Array, _: Random) -> Array | None:
    is_bias = tensor.ndim == 1 and tensor.size > 1 and tensor.dtype in (np.float32, np.int32)
    return np.zeros_like(tensor) if is_bias else None


def _heads_reordered(tensor: Array, draw: Random) -> Array | None:
    """Exchange blocks of columns of a weight, as of heads."""
    heads = draw.choice((2, 4, 8))
    if tensor.ndim != 2 or tensor.shape[1] % heads or tensor.shape[1] < 2 * heads:
        return None
    return np.concatenate([*np.split(tensor, heads, axis=1)[1:], np.split(tensor, heads, axis=1)[0]], axis=1)


def _position_shifted(tensor: Array, _: Random) -> Array | None:
    """Shift a table by a row, as of positions."""
    return np.roll(tensor, 1, axis=0) if tensor.ndim == 2 and tensor.dtype == np.float32 else None


def _saturated(tensor: Array, _: Random) -> Array | None:
    return np.clip(tensor, -32, 31) if tensor.dtype == np.int8 else None


def _transposed(tensor: Array, _: Random) -> Array | None:
    is_square = tensor.ndim == 2 and tensor.shape[0] == tensor.shape[1] > 1
    return np.ascontiguousarray(tensor.T) if is_square else None


def _negated(tensor: Array, _: Random) -> Array | None:
    return -tensor if tensor.dtype in (np.float32, np.int8) and tensor.ndim else None


OF_A_TENSOR: Mapping[str, Change] = {
    "twice": _scaled(2.0),
    "1.1 times": _scaled(1.1),
    "negated": _negated,
    "two rows swapped": _rows_swapped,
    "a bias dropped": _bias_dropped,
    "heads in another order": _heads_reordered,
    "positions shifted": _position_shifted,
    "int8 saturated": _saturated,
    "a square transposed": _transposed,
}


def _epsilon_changed(node: onnx.NodeProto) -> bool:
    epsilon = _attribute(node, "epsilon")
    if epsilon is not None:
        epsilon.f *= LARGE_EPSILON
    return epsilon is not None


def _mask_inverted(node: onnx.NodeProto) -> bool:
    """Exchange what a mask shows and hides: the sides of a choice or of a triangle; drop a causal one."""
    if node.op_type == "Where":
        node.input[1], node.input[2] = node.input[2], node.input[1]
        return True
    flag = _attribute(node, {"Trilu": "upper", "Attention": "is_causal"}.get(node.op_type, ""))
    if flag is not None:
        flag.i = 1 - flag.i
    return flag is not None


def _softmax_scale(node: onnx.NodeProto) -> bool:
    scale = _attribute(node, "scale") if "Attention" in node.op_type else None
    if scale is not None:
        scale.f *= 2
    return scale is not None


def _attribute(node: onnx.NodeProto, name: str) -> onnx.AttributeProto | None:
    return next((each for each in node.attribute if each.name == name), None)


OF_A_NODE: Mapping[str, NodeChange] = {
    "an epsilon changed": _epsilon_changed,
    "a mask inverted": _mask_inverted,
    "a scale of attention twice": _softmax_scale,
}


def mutants(graph: onnx.ModelProto, draw: Random) -> Iterator[tuple[str, onnx.ModelProto]]:
    """Yield without end what kind of thing is wrong with a graph, and the graph with that alone wrong."""
    tensors = [i for i, each in enumerate(graph.graph.initializer) if each.dims and 0 not in each.dims]
    nodes = {kind: _changeable(graph, change) for kind, change in OF_A_NODE.items()}
    kinds = [*OF_A_TENSOR, *(kind for kind, places in nodes.items() if places)]
    while True:
        kind = draw.choice(kinds)
        mutant = onnx.ModelProto()
        mutant.CopyFrom(graph)
        if kind in OF_A_NODE:
            OF_A_NODE[kind](mutant.graph.node[draw.choice(nodes[kind])])
            yield kind, mutant
        else:
            place = draw.choice(tensors)
            changed = changed_tensor(mutant.graph.initializer[place], kind, draw)
            if changed is not None:
                mutant.graph.initializer[place].CopyFrom(changed)
                yield kind, mutant


def _changeable(graph: onnx.ModelProto, change: NodeChange) -> list[int]:
    """Return the places of the nodes that a change is made for."""
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    return [i for i, node in enumerate(copy.graph.node) if change(node)]


def changed_tensor(tensor: TensorProto, kind: str, draw: Random) -> TensorProto | None:
    """Return a tensor that is wrong in one of the ways of ``OF_A_TENSOR``; None where it cannot be."""
    before = numpy_helper.to_array(tensor)
    after = OF_A_TENSOR[kind](before, draw)
    if after is None or np.array_equal(before, after):
        return None
    return numpy_helper.from_array(np.ascontiguousarray(after), tensor.name)


def kept(graph: onnx.ModelProto, draw: Random) -> onnx.ModelProto:
    """Return a graph that answers the same: the sums of a product are taken in another order.

    The rows of a weight and the numbers that meet them are exchanged alike.
    """
    mutant = onnx.ModelProto()
    mutant.CopyFrom(graph)
    weights = {each.name: each for each in mutant.graph.initializer if len(each.dims) == 2}
    uses = Counter(name for node in mutant.graph.node for name in node.input)
    products = [
        i
        for i, node in enumerate(mutant.graph.node)
        if node.op_type in PRODUCTS and node.input[1] in weights and uses[node.input[1]] == 1
    ]
    place = draw.choice(products)
    node, weight = mutant.graph.node[place], weights[mutant.graph.node[place].input[1]]
    order = np.array(draw.sample(range(weight.dims[0]), weight.dims[0]), np.int64)
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight)[order], weight.name))
    mutant.graph.initializer.append(numpy_helper.from_array(order, "order"))
    gather = onnx.NodeProto(op_type="Gather", input=[node.input[0], "order"], output=["reordered"])
    gather.attribute.append(onnx.AttributeProto(name="axis", type=onnx.AttributeProto.INT, i=-1))
    mutant.graph.node.insert(place, gather)
    mutant.graph.node[place + 1].input[0] = "reordered"
    return mutant
