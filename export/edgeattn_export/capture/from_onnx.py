"""An ONNX file -> ir.Model (float): where there is no PyTorch module, the file itself is the original."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import onnx
import onnx_ir as ir
from onnx_ir.passes.common import InlinePass, NameFixPass
from onnxscript.optimizer import fold_constants, optimize

from edgeattn_export.capture.captured import EXPORT_TOLERANCE, OPSET, Captured, contract_of
from edgeattn_export.capture.proof import answer_units
from edgeattn_export.capture.translation.constants import adopt_constants, exact_constants
from edgeattn_export.capture.translation.dim_names import name_dims
from edgeattn_export.capture.weight_files import load_onnx
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.dataflow import dims_text
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.files import INLINE_LIMIT, weight_bytes
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.scopes import keep_scopes
from edgeattn_export.graph.trials import answered_trials
from edgeattn_runtime.errors import EdgeAttnError, ModelError, SampleError

_ENGINE_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")  # what an onnxruntime build knows
_QUANTIZED = re.compile(
    r"[Qq]uantiz|Integer|NBits|^Q[A-Z]"
)  # ONNX's and onnxruntime's names for such operators


def read_onnx(path: Path) -> ir.Model:
    """Read an ONNX file, its functions inlined; weights in other files are mapped, not loaded.

    Raises:
        ModelError: No such file, or no ONNX model; weights that are missing, cut or in another folder;
            operators that are custom or quantized.
    """
    model = load_onnx(path, "an ONNX model")
    _check_standard(path, model)
    InlinePass()(model)
    _check_float(path, model)
    return model


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
            "is compared with; give the one that it was made of, and this file as --trained"
        )


class OnnxOriginal:
    """A file in onnxruntime, called as a module is: arrays by name in, arrays by name out."""

    def __init__(self, path: Path, runner: Runner) -> None:
        self._path, self._runner = path, runner

    def __call__(self, inputs: Inputs) -> Outputs:
        """Run the file once; raises ModelError where the engine fails."""
        try:
            return self._runner(inputs)
        except EdgeAttnError as error:
            raise ModelError(
                f"{self._path}: on {_shapes(inputs)} {error}; expected a file that runs on its samples; "
                "export the module instead"
            ) from error

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return a call on ``inputs`` that converts nothing, for timing."""
        return self._runner.bind(inputs)


def _shapes(inputs: Inputs) -> str:
    return ", ".join(f"{name} {tuple(value.shape)}" for name, value in inputs.items())


def adopt(path: Path, samples: Samples, engine: Engine, proving: Samples | None = None) -> Captured:
    """Take an ONNX file in place of a module's export.

    Args:
        path: A float model of any opset that onnxruntime takes and ONNX's own converter brings to ``OPSET``.
        samples: Real inputs by the names of the graph's inputs.
        engine: Runs the graph, to prove what becomes of the file.
        proving: Samples that prove it; the calibration part where it is left out.

    Raises:
        ModelError: What ``read_onnx`` refuses; an opset beyond the tools; a file that does not run on its
            samples; another opset that answers otherwise.
        SampleError: A sample's dtype, rank or sizes are not the graph's.
    """
    source_model = read_onnx(path)
    try:
        original = OnnxOriginal(path, engine.file_runner(path))
    except EdgeAttnError as error:
        raise ModelError(str(error)) from error
    model = _convert(path, source_model)
    axes = _axes(path, model, samples)
    _check_sizes(path, axes, samples)
    graph, symbols = contract_of(model, axes, samples)
    captured = Captured(model, graph, symbols, axes, original, engine)
    _prove(path, captured, proving or samples.split().calibration)
    return captured


def _convert(path: Path, model: ir.Model) -> ir.Model:
    """Bring a model to the opset of the standard Attention, its constants folded and its dims inferred."""
    version = model.opset_imports.get("", OPSET)
    if weight_bytes(model) >= INLINE_LIMIT:
        raise ModelError(f"{path}: weights of 2 GB or more cannot be converted; export the module instead")
    try:
        proto = ir.to_proto(model)
        if version != OPSET:
            proto = onnx.version_converter.convert_version(proto, OPSET)
        model = ir.from_proto(onnx.shape_inference.infer_shapes(proto, data_prop=True))
    except Exception as error:  # onnx's converter raises plain RuntimeError, and others
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{path}: opset {version} cannot be brought to {OPSET} ({reason}); export it at {OPSET}"
        ) from error
    fold_constants(model)
    name_dims(model)
    with exact_constants():
        optimize(model)
    adopt_constants(model)
    NameFixPass()(model)
    keep_scopes(model)
    return model


def _prove(path: Path, captured: Captured, samples: Samples) -> None:
    runner = captured.engine.runner(captured.model)
    units = answer_units(captured, samples)
    for inputs, expected in answered_trials(captured.reference, samples, captured.axes, captured.symbols):
        reason = units.disagreement(expected, runner(inputs), EXPORT_TOLERANCE)
        if reason:
            raise ModelError(
                f"{path}: brought to opset {OPSET}, it answers otherwise on {_shapes(inputs)}: {reason}; "
                "export the module instead"
            )


def _axes(path: Path, model: ir.Model, samples: Samples) -> Axes:
    graph_inputs = {value.name or "": value for value in model.graph.inputs}
    if set(graph_inputs) != set(samples.names):
        raise SampleError(
            f"samples: {', '.join(samples.names)} found; {path} takes {', '.join(graph_inputs)}; rename them"
        )
    for name, value in graph_inputs.items():
        array = samples[0].inputs[name]
        if value.shape is None or len(value.shape) != array.ndim:
            raise SampleError(f"samples, input {name!r}: rank {array.ndim} found, {value.shape} expected")
        if value.dtype is not None and value.dtype.numpy() != array.dtype:
            raise SampleError(f"samples, input {name!r}: {array.dtype} found, {value.dtype.numpy()} expected")
    return Axes(
        {
            name: tuple(
                dim if isinstance(dim, int) else dim.value or f"{name}_{axis}"
                for axis, dim in enumerate(value.shape or ())
            )
            for name, value in graph_inputs.items()
        }
    )


def _check_sizes(path: Path, axes: Axes, samples: Samples) -> None:
    for i, sample in enumerate(samples):
        size_of_symbol: dict[str, int] = {}  # by symbol, which stands for one size in a sample
        for name, dims in axes.dims.items():
            sizes = sample.inputs[name].shape
            expected = tuple(
                size_of_symbol.setdefault(dim, size) if isinstance(dim, str) else dim
                for dim, size in zip(dims, sizes, strict=True)
            )
            if sizes != expected:
                raise SampleError(
                    f"sample {i}, input {name!r}: dims {sizes} found, {expected} expected; {path} takes "
                    f"({dims_text(dims)}); leave such samples out or mend them"
                )
