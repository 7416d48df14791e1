"""What runs graphs: to prove and measure them on this machine, and to ship them for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import onnx_ir as ir
import onnxruntime

from edgeattn_export.graph.runner import SessionRunner
from edgeattn_export.graph.serialize import INLINE_LIMIT, serialize, weight_bytes
from edgeattn_runtime.session import open_session

Need = Callable[[ir.Model], None]  # changes a graph in place, and none of its numbers


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine and its execution providers.

    Attributes:
        name: Such as "onnxruntime".
        version: The oldest release that runs what is written for it.
        providers: Execution providers, in the order in which they may take nodes.
        options: Of the session, by their names in the engine.
        needs: Rewrites without which its kernels refuse a standard graph, or misread it.
    """

    name: str
    version: str
    providers: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
    needs: tuple[Need, ...] = ()

    def runner(self, model: ir.Model, *, threads: int = 1) -> SessionRunner:
        """Open a graph, its needs met in a copy.

        Args:
            model: Any standard graph; left as it is.
            threads: Intra-op threads.

        Raises:
            BundleError: The engine refuses the graph.
            IncompatibleRuntimeError: The graph is beyond the installed release.
        """
        return SessionRunner(self._session(self.ready(model), threads))

    def file_runner(self, path: Path, *, threads: int = 1) -> SessionRunner:
        """Open an ONNX file as it is.

        Raises:
            BundleError: The engine refuses the file.
            IncompatibleRuntimeError: It is beyond the installed release.
        """
        return SessionRunner(open_session(path, threads=threads))

    def ready(self, model: ir.Model) -> ir.Model:
        """Return a copy that the engine's kernels take as it is meant."""
        copy = model.clone()
        for meet in self.needs:
            meet(copy)
        return copy

    def _session(self, model: ir.Model, threads: int) -> onnxruntime.InferenceSession:
        if weight_bytes(model) < INLINE_LIMIT:
            return open_session(serialize(model), threads=threads)
        with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
            path = Path(folder) / "model.onnx"
            ir.save(model, path, external_data="model.onnx.data")
            return open_session(path, threads=threads)
