"""Graphs with weights in other files, inside their folder or not, in every place that ONNX has for them."""

from __future__ import annotations

from collections.abc import Callable

from onnx import AttributeProto, GraphProto, ModelProto, SparseTensorProto, TensorProto

INSIDE = ("model.onnx.data", "weights/table.bin", "./a/../b", "..data", "a/...")
OUTSIDE = (
    "/etc/passwd",
    "../secret",
    "a/../../secret",
    "\\secret",
    "a\\..\\..\\secret",
    "C:secret",
    "",
    "a/../..",
)


def _weights(location: str) -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.UINT8, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="offset", value="0")
    tensor.external_data.add(key="location", value=location)
    return tensor


def _initializer(model: ModelProto, weights: TensorProto) -> None:
    model.graph.initializer.append(weights)


def _sparse(model: ModelProto, weights: TensorProto) -> None:
    model.graph.sparse_initializer.append(SparseTensorProto(indices=weights, dims=[4]))


def _attribute(model: ModelProto, weights: TensorProto) -> None:
    node = model.graph.node.add(op_type="Constant", output=["c"])
    node.attribute.append(AttributeProto(name="value", t=weights, type=AttributeProto.TENSOR))


def _attributes(model: ModelProto, weights: TensorProto) -> None:
    node = model.graph.node.add(op_type="Custom", output=["c"])
    node.attribute.append(AttributeProto(name="all", tensors=[weights], type=AttributeProto.TENSORS))


def _sparse_attribute(model: ModelProto, weights: TensorProto) -> None:
    node = model.graph.node.add(op_type="Constant", output=["c"])
    node.attribute.add(name="sparse_value").sparse_tensor.values.CopyFrom(weights)


def _branch(model: ModelProto, weights: TensorProto) -> None:
    node = model.graph.node.add(op_type="If", output=["c"])
    node.attribute.add(name="then_branch").g.CopyFrom(GraphProto(initializer=[weights]))
    node.attribute.add(name="others").graphs.append(GraphProto(name="empty"))


def _function(model: ModelProto, weights: TensorProto) -> None:
    node = model.functions.add(name="f", domain="d").node.add(op_type="Constant", output=["c"])
    node.attribute.add(name="value").t.CopyFrom(weights)


def _default(model: ModelProto, weights: TensorProto) -> None:
    model.functions.add(name="f", domain="d").attribute_proto.add(name="value").t.CopyFrom(weights)


def _training(model: ModelProto, weights: TensorProto) -> None:
    model.training_info.add().algorithm.initializer.append(weights)


PLACES: tuple[Callable[[ModelProto, TensorProto], None], ...] = (
    *(_initializer, _sparse, _attribute, _attributes, _sparse_attribute),
    *(_branch, _function, _default, _training),
)


def graph(location: str, place: Callable[[ModelProto, TensorProto], None] = _initializer) -> bytes:
    """Return a model in which a place holds weights of another file, behind other fields."""
    model = ModelProto(ir_version=8, producer_name="a stranger")
    model.graph.name = "g"
    model.graph.initializer.append(
        TensorProto(name="own", raw_data=b"\x6a\x02\x0a\x00")
    )  # looks like a field
    place(model, _weights(location))
    return bytes(model.SerializeToString())


def nested(depth: int) -> bytes:
    """Return a model of so many graphs in one another, which the innermost one's weights end."""
    inner = GraphProto(initializer=[_weights("../secret")])
    for _ in range(depth):
        outer = GraphProto()
        outer.node.add().attribute.add().g.CopyFrom(inner)
        inner = outer
    return b"\x3a" + _varint(inner.ByteSize()) + inner.SerializeToString()


def _varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + _varint(number >> 7) if number > 0x7F else bytes([number])


def broken() -> dict[str, bytes]:
    """Return what is no message of ONNX, each by what is wrong with it."""
    whole = graph("model.onnx.data")
    return {
        "cut": whole[:-1],
        "a length beyond the end": b"\x3a\x7f\x00",
        "an endless number": b"\x08" + b"\xff" * 11,
        "a number of 65 bits": b"\x08" + b"\xff" * 9 + b"\x02",
        "a tag of 33 bits": b"\xba\x80\x80\x80\x10" + whole,
        "a group": b"\x0b\x0c",
        "a long location": graph("a" * 5000),
        "too deep": nested(40),
    }
