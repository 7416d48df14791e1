"""The files that a graph is shipped in: ONNX, or onnxruntime's own format, optimized once and for all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir
import onnxruntime

from edgeattn_export.graph.hosts import Host
from edgeattn_export.graph.serialize import model_files, shared_files
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.session import ENGINE_ERRORS, explain

FATAL_ONLY = 4  # of onnxruntime's severities: errors are raised anyway


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a graph down.

    Attributes:
        suffix: Of the graph's file, such as ".onnx".
        write: Returns the content of all files by name of graphs that share weights, given these graphs by
            their files' names, and a name for the file of weights.
        compiler: The host that writes them; None where this process does.
    """

    suffix: str
    write: Callable[[Mapping[str, ir.Model], str], dict[str, bytes]]
    compiler: Host | None = None

    def files(self, model: ir.Model, name: str) -> dict[str, bytes]:
        """Return the content of all files of one graph by name, given its own file's name."""
        return self.write({name: model}, f"{name}.data")


def ort_files(model: ir.Model, name: str) -> dict[str, bytes]:
    """Return a graph as onnxruntime's own flatbuffer, "Fixed" style: its optimizations are in it.

    They are those of level "extended", which hold on every CPU; the ones beyond lay weights out for the CPU
    at hand. Such a file is the only one that a minimal build opens.

    Raises:
        BundleError: onnxruntime refuses the graph.
    """
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        for file, content in model_files(model, "model.onnx").items():
            (Path(folder) / file).write_bytes(content)
        written = Path(folder) / name
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(written)
        options.log_severity_level = FATAL_ONLY
        options.add_session_config_entry("session.save_model_format", "ORT")
        try:
            onnxruntime.InferenceSession(
                str(Path(folder) / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except ENGINE_ERRORS as error:
            raise BundleError(f"{name}: onnxruntime cannot write it ({explain(error)})") from error
        return {name: written.read_bytes()}


def _all_ort_files(models: Mapping[str, ir.Model], _: str) -> dict[str, bytes]:
    return {
        file: content for name, model in models.items() for file, content in ort_files(model, name).items()
    }


ONNX = Format(".onnx", shared_files)
ORT = Format(".ort", _all_ort_files)  # each with weights of its own, in it
