"""An ONNX file as it lies on a disk -> ir.Model: whole, in float, and of standard operators."""

from __future__ import annotations

import re
from pathlib import Path

import onnx_ir as ir
from onnx_ir.passes.common import InlinePass

from edgeattn_runtime.errors import ModelError

_ENGINE_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")  # what an onnxruntime build knows
_QUANTIZED = re.compile(
    r"[Qq]uantiz|Integer|NBits|^Q[A-Z]"
)  # ONNX's and onnxruntime's names for such operators


def read_onnx(path: Path) -> ir.Model:
    """Read an ONNX file, its functions inlined; weights in files beside it are mapped, not loaded.

    Raises:
        ModelError: No such file, or no ONNX model; weights that are missing or cut; operators that are
            custom or quantized.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such file; expected an ONNX model")
    try:
        model = ir.load(path)
    except Exception as error:  # protobuf's own, and onnx-ir's for what is no model
        raise ModelError(f"{path}: no ONNX model can be read from it; export it anew") from error
    _check_weights(path, model)
    _check_standard(path, model)
    InlinePass()(model)
    _check_float(path, model)
    return model


def _check_weights(path: Path, model: ir.Model) -> None:
    for value in model.graph.initializers.values():
        stored = value.const_value
        if not isinstance(stored, ir.ExternalTensor):
            continue
        weight, file = f"{path}: its weight {value.name!r}", Path(stored.path)
        if not file.is_file():
            raise ModelError(f"{weight} is in {file.name}, which is missing; copy that file beside the model")
        end, size = (stored.offset or 0) + stored.nbytes, file.stat().st_size
        if size < end:
            raise ModelError(
                f"{weight} ends at byte {end} of {file.name}, which has {size} (truncated?); copy it anew"
            )


def _check_standard(path: Path, model: ir.Model) -> None:
    strange = {f"{n.domain}.{n.op_type}" for n in model.graph.all_nodes() if n.domain not in _ENGINE_DOMAINS}
    strange -= {f"{domain}.{name}" for domain, name, _ in model.functions}
    if strange:
        raise ModelError(f"{path}: custom operators {', '.join(sorted(strange))}; standard ones expected")


def _check_float(path: Path, model: ir.Model) -> None:
    quantized = sorted({node.op_type for node in model.graph.all_nodes() if _QUANTIZED.search(node.op_type)})
    if quantized:
        raise ModelError(
            f"{path}: quantized already, by {', '.join(quantized)}; a float model expected, which the bundle "
            "is compared with; give the one that it was made of"
        )
