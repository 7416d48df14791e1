"""What runs graphs: to prove and measure them on this machine, and to ship them for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import onnx_ir as ir
import onnxruntime

from edgeattn_export.graph.files import ONNX, Format, serialize
from edgeattn_export.graph.hosts import HERE, Host, Opening
from edgeattn_export.graph.runner import RECORD_ASSIGNMENT, Partition, Runner, RunnerGraph, SessionRunner
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_export.graph.weight_files import SESSION_WEIGHTS
from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings
from edgeattn_runtime.engine.graph_session import GraphSession, OpenGraph
from edgeattn_runtime.engine.kernels import DOMAIN_VERSION
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.fields import Scalar
from edgeattn_runtime.graph import Graph

WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"  # of a graph given as bytes
STEM = "model"  # of the file of a graph that is opened as a file

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
        host: Where its sessions run.
        format: The files that it opens on a device.
    """

    name: str
    version: str
    providers: tuple[str, ...]
    options: Mapping[str, Scalar] = field(default_factory=dict, hash=False)
    needs: tuple[Need, ...] = ()
    host: Host = HERE
    format: Format = ONNX

    def for_graphs(self, models: Iterable[ir.Model]) -> Engine:
        """Return the engine that takes kernels for graphs with nodes of theirs, where they are installed."""
        if not any(model.functions for model in models):
            return self
        return replace(self, options={**self.options, KERNELS_OPTION: DOMAIN_VERSION})

    def on(self, host: Host) -> Engine:
        """Return the same engine with its sessions elsewhere."""
        return replace(self, host=host)

    def runner(self, model: ir.Model, *, threads: int = 1) -> Runner:
        """Open a graph, its needs met in a copy.

        Args:
            model: Any standard graph; left as it is.
            threads: Intra-op threads.

        Raises:
            BundleError: The engine refuses the graph.
            IncompatibleRuntimeError: The graph is beyond the installed release, or the host is missing.
        """
        if self.host is HERE and self.format is ONNX:
            return SessionRunner(self.open(model, threads=threads))
        with temporary_folder() as folder:  # a worker has read it when it is open
            path = self.written(model, folder)
            return self.for_graphs([model]).file_runner(path, settings=SessionSettings(threads=threads))

    def file_runner(self, path: Path, *, settings: SessionSettings = PLAIN) -> Runner:
        """Open an ONNX file as it is.

        Args:
            path: The file; weights in files of their own are mapped.
            settings: Of the session.

        Raises:
            BundleError: The engine refuses the file.
            IncompatibleRuntimeError: It is beyond the installed release, or the host is missing.
        """
        return self.host.open(self._opening(path, settings))

    def graph(self, contract: Graph, model: ir.Model, *, threads: int = 1) -> OpenGraph:
        """Open a graph as ``runner`` does, to be called by its contract, such as a decoder's."""
        if self.host is HERE and self.format is ONNX:
            return GraphSession(contract, self.open(model, threads=threads))
        with temporary_folder() as folder:
            path = self.written(model, folder)
            engine = self.for_graphs([model])
            return engine.file_graph(contract, path, settings=SessionSettings(threads=threads))

    def file_graph(self, contract: Graph, path: Path, *, settings: SessionSettings = PLAIN) -> OpenGraph:
        """Open an ONNX file as ``file_runner`` does, to be called by its contract."""
        if self.host is HERE:
            session = open_session(path, providers=self.providers, options=self.options, settings=settings)
            return GraphSession(contract, session, str(path))
        return RunnerGraph(contract, self.file_runner(path, settings=settings))

    def partitions(self, path: Path) -> tuple[Partition, ...]:
        """Return what of an ONNX file runs where, as the engine reports it when it has opened the file.

        Raises:
            BundleError, IncompatibleRuntimeError: As ``file_runner`` does.
        """
        opening = self._opening(path, PLAIN)
        return self.host.open(replace(opening, options={**opening.options, **RECORD_ASSIGNMENT})).partitions()

    def _opening(self, path: Path, settings: SessionSettings) -> Opening:
        return Opening(path=path, providers=self.providers, options=self.options, settings=settings)

    def ready(self, model: ir.Model) -> ir.Model:
        """Return a copy that the engine's kernels take as it is meant."""
        copy = model.clone()
        for meet in self.needs:
            meet(copy)
        return copy

    def open(
        self, model: ir.Model, *, threads: int = 1, profile: Path | None = None
    ) -> onnxruntime.InferenceSession:
        """Open a graph in this process, for whoever binds its inputs and outputs, or profiles it."""
        ready = self.ready(model)
        external = {WEIGHTS_FOLDER: str(SESSION_WEIGHTS.folder)} if SESSION_WEIGHTS.set_apart(ready) else {}
        options = {**self.for_graphs([model]).options, **external}
        return open_session(
            serialize(ready), providers=self.providers, options=options, threads=threads, profile=profile
        )

    def written(self, model: ir.Model, folder: Path) -> Path:
        """Write a graph's files as a device gets them, and return the graph's own."""
        path = folder / f"{STEM}{self.format.suffix}"
        for name, content in self.format.files(self.ready(model), path.name).items():
            (folder / name).write_bytes(content)
        return path
