"""The app's call: a bundle opened once, then called with arrays."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import onnxruntime

from edgeattn_runtime.binding import BOUND_ERRORS, BoundCall
from edgeattn_runtime.bundle import BundleFiles, open_bundle
from edgeattn_runtime.cache import check_room, fresh_cache, past_tensors
from edgeattn_runtime.contract import Arrays, check_inputs
from edgeattn_runtime.errors import BadInput, BundleError, InputError
from edgeattn_runtime.failure import failure
from edgeattn_runtime.generation import decoder_inputs
from edgeattn_runtime.manifest import Manifest, Tensor
from edgeattn_runtime.many import Splitter
from edgeattn_runtime.session import ENGINE_ERRORS, open_session
from edgeattn_runtime.settings import PLAIN

_ENGINE_NAMES = {"float32": "float", "float64": "double"}  # where onnxruntime's differ from numpy's


def load(path: str | os.PathLike[str], *, threads: int | None = None) -> Model:
    """Open a bundle, check it whole, and make its main graph ready to be called.

    Args:
        path: The folder, such as ``sentence.edge``.
        threads: Cores that one operator may use; where it is left out, as many as the bundle says and this
            machine has, or 1.

    Raises:
        BadInput: ``threads`` is below 1.
        BundleError: The bundle is not whole, or its graph is not what its manifest says.
        IncompatibleRuntimeError: It needs another onnxruntime.
    """
    files = open_bundle(path)
    return Model(files, files.manifest.main_graph, threads=threads)


class Model:
    """One graph of a bundle, ready to be called, also from several threads at once."""

    def __init__(self, files: BundleFiles, graph: str, *, threads: int | None = None) -> None:
        self.files = files
        self._graph = files.manifest.graphs[graph]
        self._pasts = past_tensors(files.manifest, graph)
        self._splitter = _splitter(files.manifest, graph)
        settings = (files.manifest.session or PLAIN).here()
        self.settings = settings if threads is None else replace(settings, threads=threads)
        self._others: dict[str, Model] = {}
        self._path = files.path(self._graph.file)
        self._session = open_session(self._path, settings=self.settings)
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
            InputError: The inputs do not keep the contract, hold a number beyond the table that it is looked
                up in, or need more memory than there is.
            BundleError: The graph fails on inputs that its contract allows.
        """
        return self.run(self._checked(inputs))

    def run_many(self, samples: Sequence[Mapping[str, object]]) -> list[Arrays]:
        """Answer many samples, each as a call of its own would, but faster where the bundle's rows allow it.

        Where the manifest says that rows are independent, padding behind a row's last visible position is
        dropped, rows of equal sizes run together where that was measured to be faster, and the others one
        by one. An int8 graph scales the activations of a call together, so that rows alone are answered
        a little more exactly than in a padded batch. Where the manifest says nothing, or for another
        graph than the main one, each sample runs as it is.

        Args:
            samples: Per sample, one array per input of the contract, of its dtype and dims. A sample may be
                a padded batch, and samples may differ in their sizes.

        Returns:
            The samples' outputs by name, in their order and in the sizes that a call would give. Where
            padding was dropped, an output with that axis holds zeros.

        Raises:
            InputError: A sample does not keep the contract; the message begins with its index.
            BundleError: The graph fails on inputs that its contract allows.
        """
        checked = [self._checked_sample(i, sample) for i, sample in enumerate(samples)]
        if self._splitter is None:
            return [self.run(arrays) for arrays in checked]
        return self._splitter.run(self.run, checked)

    def run(self, arrays: Arrays) -> Arrays:
        """Run the graph on arrays that are known to keep the contract, as the graph's own answers do.

        Checking costs a pass over every array, which a growing cache would pay for in every step.

        Args:
            arrays: One per input of the contract.

        Returns:
            One array per output, by name.

        Raises:
            InputError: A number in them is beyond the table that it is looked up in, or they need more memory
                than there is.
            BundleError: The graph fails on inputs that its contract allows.
        """
        names = [tensor.name for tensor in self.outputs]
        try:
            return dict(zip(names, self._session.run(names, arrays), strict=True))
        except ENGINE_ERRORS as error:
            raise failure(str(self._path), error, arrays) from error

    def bind(self, inputs: Arrays, outputs: Arrays) -> Callable[[], None]:
        """Return a call that reads and writes these arrays' own memory, and copies none.

        Args:
            inputs: One per input of the contract; known to keep it at the time of each call.
            outputs: The outputs that are asked for, of the dims that they will have. The array of a cache
                that is kept in place is both its ``past`` and its ``present``.

        Returns:
            The call, which raises as ``run`` does where the graph fails. It is one thread's at a time.
        """
        bound = BoundCall(self._session, inputs, outputs)

        def call() -> None:
            try:
                bound()
            except BOUND_ERRORS as error:
                raise failure(str(self._path), error, inputs) from error

        return call

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
            self._others[name] = Model(self.files, name, threads=self.settings.threads)
        return self._others[name]

    def _checked_sample(self, index: int, sample: object) -> Arrays:
        if not isinstance(sample, Mapping):
            raise InputError(
                f"sample {index}: {type(sample).__name__} found, a mapping of inputs by name expected"
            )
        try:
            return self._checked(sample)
        except InputError as error:
            raise InputError(f"sample {index}: {error}") from error

    def _checked(self, inputs: Mapping[str, object]) -> Arrays:
        symbols, generation = self.manifest.symbols, self.manifest.generation
        if generation is None or not self._pasts:
            return check_inputs(self._graph, symbols, inputs)
        if any(tensor.name in inputs for tensor in self._pasts):
            arrays = check_inputs(self._graph, symbols, inputs)
            check_room(generation, self._pasts, arrays)
            return arrays
        others = tuple(tensor for tensor in self.inputs if tensor.name not in decoder_inputs(generation)[1:])
        arrays = check_inputs(replace(self._graph, inputs=others), symbols, inputs)
        batch, sequence = arrays[generation.tokens].shape
        return {**arrays, **fresh_cache(generation, self._pasts, batch=batch, sequence=sequence)}

    def _check_ends(self, kind: str, nodes: Sequence[onnxruntime.NodeArg], tensors: Sequence[Tensor]) -> None:
        found = {node.name: node.type for node in nodes}
        expected = {
            tensor.name: f"tensor({_ENGINE_NAMES.get(tensor.dtype, tensor.dtype)})" for tensor in tensors
        }
        if found != expected:
            raise BundleError(
                f"{self._path}: has {kind} {found}, the manifest says {expected}; export the model again"
            )


def _splitter(manifest: Manifest, graph: str) -> Splitter | None:
    if manifest.rows is None or graph != manifest.main_graph:
        return None
    return Splitter(manifest.rows, manifest.graphs[graph], manifest.symbols)
