"""A manifest, as an object and as its very bytes."""

from __future__ import annotations

from edgeattn_runtime.bundle.manifest import FileEntry, Golden, Manifest
from edgeattn_runtime.bundle.variant import Engine, Variant
from edgeattn_runtime.graph import Graph, Symbol, Tensor

VARIANT = Variant(
    target="cpu",
    engine=Engine(
        name="onnxruntime",
        version="1.23",
        providers=("XnnpackExecutionProvider", "CPUExecutionProvider"),
        options={
            "session.set_denormal_as_zero": True,
            "session.dynamic_block_base": 2,
            "OpenVINOExecutionProvider.precision": "FP32",
        },
    ),
    files={"model": "m.onnx"},
    sizes={"batch": 1},
    tolerance={"y": 0.125},
    scores={},
    verdict="fail",
    measured=None,
)

MANIFEST = Manifest(
    name="tïny",
    graphs={"model": Graph((Tensor("x", "float32", ("batch", 2)),), (Tensor("y", "bool", ()),))},
    symbols={"batch": Symbol(0, None)},
    variants=(VARIANT,),
    files={"m.onnx": FileEntry("a" * 64, 7), "g/v.safetensors": FileEntry("b" * 64, 0)},
    golden=Golden("g/v.safetensors", 1),
    budget={"cosine": 0.99, "size_mb": 25},
    provenance={"versions": {"torch": "2.13.0"}, "opset": 23},
)

TEXT = MANIFEST.to_json()
