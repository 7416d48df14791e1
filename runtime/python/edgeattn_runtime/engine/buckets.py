"""One graph in several fixed sizes: each call goes to the first that it fits, padded where it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

import numpy as np

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import Variant
from edgeattn_runtime.bundle.rows import Rows, Stack
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings
from edgeattn_runtime.contract import Arrays, bind
from edgeattn_runtime.engine.compatibility import reachable
from edgeattn_runtime.engine.graph_session import GraphSession
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.graph import Graph, Tensor, symbols_of


@dataclass(frozen=True, slots=True)
class Bucket:
    """One variant's graph, with the sizes that it fixes by symbol of the inputs."""

    sizes: Mapping[str, int]
    stacks: Sequence[Stack]
    run: Callable[[Arrays], Arrays]


class Buckets:
    """The buckets of one graph, in order of preference; without ``rows``, calls must fit exactly."""

    def __init__(self, graph: Graph, buckets: Sequence[Bucket], rows: Rows | None) -> None:
        self._graph = graph
        self._buckets = buckets
        self._padding = None if rows is None else rows.padding
        self._batch = "" if rows is None else rows.batch  # no symbol is called ""
        self._sequence = "" if rows is None else rows.sequence(graph) or ""

    def fitting(self, sizes: Mapping[str, int]) -> int:
        """Return which bucket answers a call of these sizes, by symbol: the first that fits.

        Raises:
            InputError: None does.
        """
        for i, bucket in enumerate(self._buckets):
            if all(self._fits(symbol, sizes[symbol], fixed) for symbol, fixed in bucket.sizes.items()):
                return i
        raise InputError(
            f"inputs of {_sizes_text(sizes)} found, sizes of a variant expected: "
            f"{' or '.join(_sizes_text(bucket.sizes) for bucket in self._buckets)}; give one of these, or "
            "export for a target of dynamic sizes too, such as cpu"
        )

    def check(self, arrays: Arrays) -> None:
        """Check that a bucket answers arrays that keep the contract; raises as ``fitting`` does."""
        if self._buckets[0].sizes:
            self.fitting(bind(self._graph.inputs, arrays))

    def stacks(self, sizes: Mapping[str, int]) -> Sequence[Stack]:
        """Return how many rows of these sizes, by symbol, are best given at once."""
        return self._buckets[self.fitting(sizes)].stacks

    def run(self, arrays: Arrays) -> Arrays:
        """Answer arrays that keep the contract, in their own sizes; raises InputError."""
        if not self._buckets[0].sizes:
            return self._buckets[0].run(arrays)
        sizes = bind(self._graph.inputs, arrays)
        bucket = self._buckets[self.fitting(sizes)]
        if all(sizes[symbol] == fixed for symbol, fixed in bucket.sizes.items()):
            return bucket.run(arrays)
        fixed = _sizes_text(bucket.sizes)
        with refusing(BundleError, fixed, "answers of other sizes, or none can be had", "export again"):
            return self._cropped(self._run(bucket, self._padded(arrays, bucket), sizes), sizes)

    def _fits(self, symbol: str, size: int, fixed: int) -> bool:
        return size == fixed or symbol == self._batch or (symbol == self._sequence and size < fixed)

    def _padded(self, arrays: Arrays, bucket: Bucket) -> Arrays:
        """Return arrays with padding up to the bucket's length: what stands in it changes no answer."""
        length, padding = bucket.sizes.get(self._sequence), self._padding
        if length is None or padding is None:
            return arrays
        longer = {}
        for tensor in self._graph.inputs:
            array = arrays[tensor.name]
            widths = [
                length - size if dim == self._sequence else 0
                for size, dim in zip(array.shape, tensor.dims, strict=True)
            ]
            filling = padding.masked_out if tensor.name == padding.mask else 0
            longer[tensor.name] = np.pad(array, [(0, width) for width in widths], constant_values=filling)
        return longer

    def _run(self, bucket: Bucket, arrays: Arrays, sizes: Mapping[str, int]) -> Arrays:
        """Run as many rows at a time as the bucket takes; its last call is filled up with the last row."""
        count = bucket.sizes.get(self._batch)
        if count is None:
            return bucket.run(arrays)
        answers = [bucket.run(part) for part in _row_blocks(arrays, sizes[self._batch], count)]
        return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}

    def _cropped(self, outputs: Arrays, sizes: Mapping[str, int]) -> Arrays:
        crops = {tensor.name: self._crop(tensor, sizes) for tensor in self._graph.outputs}
        return {name: array[crops[name]] for name, array in outputs.items()}

    def _crop(self, tensor: Tensor, sizes: Mapping[str, int]) -> tuple[slice, ...]:
        padded = (self._batch, self._sequence)
        return tuple(
            slice(sizes[dim]) if isinstance(dim, str) and dim in padded else slice(None)
            for dim in tensor.dims
        )


def _row_blocks(arrays: Arrays, rows: int, count: int) -> Iterator[Arrays]:
    for start in range(0, rows, count):
        places = np.minimum(np.arange(start, start + count), rows - 1)
        yield {name: array[places] for name, array in arrays.items()}


def _sizes_text(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{symbol} {size}" for symbol, size in sizes.items())


class OpenedVariants:
    """The variants that answer calls of one graph, the preferred one opened, each other when it is called.

    Raises:
        BundleError: The graph is not what the manifest says.
    """

    def __init__(
        self, files: BundleFiles, name: str, runnable: Sequence[Variant], threads: int | None
    ) -> None:
        self._files = files
        self._name = name
        self._graph = files.manifest.graphs[name]
        self._threads = threads
        self._symbols = frozenset(symbols_of(self._graph.inputs))
        self.variants = tuple(reachable(runnable, self._graph))
        self.settings = self._settings(self.variants[0])
        self._sessions: dict[int, GraphSession] = {}
        self._opening = Lock()
        self._closed = False
        self.session(0)
        rows = files.manifest.rows if name == files.manifest.main_graph else None
        self.buckets = Buckets(self._graph, tuple(self._bucket(i) for i in range(len(self.variants))), rows)

    def session(self, index: int) -> GraphSession:
        """Return the graph of a variant, opened once.

        Raises:
            InputError: It was closed.
            BundleError: The graph is not what the manifest says.
        """
        opened = self._sessions.get(index)
        if opened is not None:
            return opened
        with self._opening:
            if self._closed:
                raise InputError(f"{self._files.folder}: a closed model; load it again")
            if index not in self._sessions:
                self._sessions[index] = self._open(self.variants[index])
            return self._sessions[index]

    def close(self) -> None:
        """Let go of every graph; a call that runs ends first, and a later one is refused."""
        with self._opening:
            self._closed = True
            self._sessions.clear()

    def _open(self, variant: Variant) -> GraphSession:
        file, engine = variant.files[self._name], variant.engine
        session = open_session(
            self._files.graph(file),
            providers=engine.providers,
            options=engine.options,
            settings=self._settings(variant),
        )
        return GraphSession(self._graph, session, str(self._files.folder / file))

    def _settings(self, variant: Variant) -> SessionSettings:
        settings = (variant.session or PLAIN).here()
        return settings if self._threads is None else replace(settings, threads=self._threads)

    def _bucket(self, index: int) -> Bucket:
        variant = self.variants[index]
        return Bucket(self._fixed(variant), variant.stacks, partial(self._run, index))

    def _fixed(self, variant: Variant) -> dict[str, int]:
        return {symbol: size for symbol, size in variant.sizes.items() if symbol in self._symbols}

    def _run(self, index: int, arrays: Arrays) -> Arrays:
        return self.session(index).run(arrays)
