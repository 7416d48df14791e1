"""The app's call: a bundle opened once, then called with arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

import onnxruntime

from edgeattn_runtime.bundle import BundleFiles, open_bundle
from edgeattn_runtime.cache import empty_cache, past_tensors
from edgeattn_runtime.contract import Arrays, bind, check_inputs
from edgeattn_runtime.errors import BadInput, BundleError
from edgeattn_runtime.manifest import Manifest, Tensor
from edgeattn_runtime.session import ENGINE_ERRORS, explain, open_session

_ENGINE_NAMES = {"float32": "float", "float64": "double"}  # where onnxruntime's differ from numpy's


def load(path: str | os.PathLike[str], *, threads: int = 1) -> Model:
    """Open a bundle, check it whole, and make its main graph ready to be called.

    Args:
        path: The folder, such as ``sentence.edge``.
        threads: Cores that one operator may use.

    Raises:
        BundleError: The bundle is not whole, or its graph is not what its manifest says.
        IncompatibleRuntimeError: It needs another onnxruntime.
    """
    files = open_bundle(path)
    return Model(files, files.manifest.main_graph, threads=threads)


class Model:
    """One graph of a bundle, ready to be called, also from several threads at once."""

    def __init__(self, files: BundleFiles, graph: str, *, threads: int = 1) -> None:
        self.files = files
        self._graph = files.manifest.graphs[graph]
        self._pasts = past_tensors(files.manifest, graph)
        self._threads = threads
        self._others: dict[str, Model] = {}
        self._path = files.path(self._graph.file)
        self._session = open_session(self._path, threads=threads)
        self._check_ends("inputs", self._session.get_inputs(), self.inputs)
        self._check_ends("outputs", self._session.get_outputs(), self.outputs)

    def __call__(self, /, **inputs: object) -> Arrays:
        """Run the graph.

        A decoder called without any of its cache begins with an empty one, of length 0: so
        ``net(tokens=ids)`` is its whole forward pass over ``ids``.

        Args:
            **inputs: One array per input of the contract, of its dtype and dims.

        Returns:
            One array per output, by name.

        Raises:
            InputError: The inputs do not keep the contract.
            BundleError: The graph fails on inputs that its contract allows.
        """
        return self.run(self._checked(inputs))

    def run(self, arrays: Arrays) -> Arrays:
        """Run the graph on arrays that are known to keep the contract, as the graph's own answers do.

        Checking costs a pass over every array, which a growing cache would pay for in every step.

        Args:
            arrays: One per input of the contract.

        Returns:
            One array per output, by name.

        Raises:
            BundleError: The graph fails on inputs that its contract allows.
        """
        names = [tensor.name for tensor in self.outputs]
        try:
            return dict(zip(names, self._session.run(names, arrays), strict=True))
        except ENGINE_ERRORS as error:
            raise BundleError(
                f"{self._path}: fails on inputs that its contract allows ({explain(error)}); export again"
            ) from error

    def __repr__(self) -> str:
        ends = [", ".join(map(str, tensors)) for tensors in (self.inputs, self.outputs)]
        return f"<{self.name}: {' -> '.join(ends)}>"

    @property
    def name(self) -> str:
        """The bundle's name."""
        return self.manifest.name

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What a call takes."""
        return self._graph.inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """What a call returns."""
        return self._graph.outputs

    @property
    def manifest(self) -> Manifest:
        """All that the bundle says of itself."""
        return self.files.manifest

    def graph(self, name: str) -> Model:
        """Return a graph of the same bundle, with as many threads: opened once, however often asked for.

        Raises:
            BadInput: The bundle has no graph of that name.
            BundleError: The graph is not what the manifest says.
        """
        if name not in self.manifest.graphs:
            raise BadInput(
                f"{self.files.folder}: no graph {name!r}; it has {', '.join(self.manifest.graphs)}"
            )
        if self.manifest.graphs[name] is self._graph:
            return self
        if name not in self._others:
            self._others[name] = Model(self.files, name, threads=self._threads)
        return self._others[name]

    def _checked(self, inputs: Mapping[str, object]) -> Arrays:
        symbols = self.manifest.symbols
        if not self._pasts or any(tensor.name in inputs for tensor in self._pasts):
            return check_inputs(self._graph, symbols, inputs)
        others = tuple(tensor for tensor in self.inputs if tensor not in self._pasts)
        arrays = check_inputs(replace(self._graph, inputs=others), symbols, inputs)
        sizes = bind(others, arrays)
        return {**arrays, **empty_cache(self._pasts, batch=sizes[str(self._pasts[0].dims[0])])}

    def _check_ends(self, kind: str, nodes: Sequence[onnxruntime.NodeArg], tensors: Sequence[Tensor]) -> None:
        found = {node.name: node.type for node in nodes}
        expected = {
            tensor.name: f"tensor({_ENGINE_NAMES.get(tensor.dtype, tensor.dtype)})" for tensor in tensors
        }
        if found != expected:
            raise BundleError(
                f"{self._path}: has {kind} {found}, the manifest says {expected}; export the model again"
            )
