"""The app's call: a bundle opened once, then called with arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.bundle.golden import GoldenResult, check
from edgeattn_runtime.bundle.manifest import Manifest, Tensor, Variant
from edgeattn_runtime.contract import Arrays, bind, check_inputs, check_token_ids
from edgeattn_runtime.engine.batching import Splitter
from edgeattn_runtime.engine.buckets import OpenedVariants
from edgeattn_runtime.engine.compatibility import runnable
from edgeattn_runtime.engine.graph_session import GraphSession
from edgeattn_runtime.engine.kernels import Kernels, kernels_of
from edgeattn_runtime.engine.kv_cache import decoder_inputs
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.processing.labels import Label
from edgeattn_runtime.processing.prediction import Prediction
from edgeattn_runtime.processing.preparation import Preparation


def load(
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    target: str | None = None,
    kernels: bool = True,
    trusted_keys: Iterable[str] | None = None,
) -> Model:
    """Open a bundle, check it whole, and make its main graph ready to be called.

    It runs as the first variant that this device can run; where that one fixes sizes, each call goes to the
    first runnable variant that it fits, which is opened then.

    With ``trusted_keys`` every file is read once more into memory, checked there against what was signed, and
    used from there: what becomes of the folder afterwards changes no answer. Weights then take memory that
    is else mapped from their file.

    Args:
        path: The folder, such as ``sentence.edge``.
        threads: Intra-op threads; where it is left out, as many as the variant says and this machine has
            cores, or 1.
        target: Only the variants of this target, such as "cpu".
        kernels: Whether sessions take the library of the package edgeattn-kernels, where it is installed and
            the bundle's graphs have nodes for it. Without, the same graphs run by stock operators, slower.
        trusted_keys: Ed25519 public keys, each 64 lowercase hex digits as ``edgeattn sign`` prints them: a
            bundle that none of them signed is refused before its manifest is read. None verifies nothing.

    Raises:
        InputError: ``threads`` is below 1, the bundle has no such target, or ``trusted_keys`` are none.
        BundleError: The bundle is not whole, its graph is not what its manifest says, or no trusted key
            signed it.
        EdgeAttnError: Keys are to be trusted, and the extra ``edgeattn[signatures]`` is not installed.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
        ResourceError: The machine lacks memory or file descriptors.
    """
    files = open_bundle(path, kernels=kernels, trusted_keys=trusted_keys)
    variants = runnable(files.manifest, target=target)
    return Model(files, files.manifest.main_graph, variants, threads=threads)


class Model:
    """One graph of a bundle, ready to be called, also from several threads at once.

    Args:
        files: The bundle.
        graph: The name of the graph.
        variants: Those that this device can run, in order of preference.
        threads: Intra-op threads; None leaves them to the variant.

    Attributes:
        variants: Those that answer calls of this graph, the preferred one first.
        settings: How the preferred one was opened.
    """

    def __init__(
        self, files: BundleFiles, graph: str, variants: Sequence[Variant], *, threads: int | None = None
    ) -> None:
        manifest = files.manifest
        self.files = files
        self._name = graph
        self._graph = manifest.graphs[graph]
        self._runnable = variants
        self._threads = threads
        self._models: dict[str, Model] = {}
        self._opening = Lock()
        self._preparation = Preparation(
            str(files.folder), manifest.processing, manifest.called_graphs, files.path, files.read
        )
        self._opened = OpenedVariants(files, graph, variants, threads)
        self._buckets = self._opened.buckets
        looked_up = {tensor.name for tensor in self._graph.inputs if tensor.table_rows is not None}
        self._token_inputs = [name for name in manifest.token_inputs if name not in looked_up]
        self.variants, self.settings = self._opened.variants, self._opened.settings
        rows = manifest.rows if graph == manifest.main_graph else None
        self._splitter = None if rows is None else Splitter(rows, self._graph, manifest.symbols)

    def __call__(self, /, **inputs: object) -> Arrays:
        """Run the graph.

        A decoder called without any of its cache begins with an empty one, of length 0: so
        ``net(tokens=ids)`` is its whole forward pass over ``ids``.

        Args:
            **inputs: One array per input of the contract, of its dtype and dims.

        Returns:
            One array per output, by name.

        Raises:
            InputError: The inputs do not keep the contract, an index in them is out of range for its lookup
                table, or they need more memory than there is.
            DeadlineError: It did not end within the ``Deadline`` around it.
            BundleError: The graph fails on inputs that its contract allows.
        """
        return self.run(inputs)

    def run(self, inputs: Mapping[str, object]) -> Arrays:
        """Run the graph as a call does, with the inputs in one table, of any names; raises as a call does."""
        return self._buckets.run(self._checked(inputs))

    def run_many(self, samples: Sequence[Mapping[str, object]]) -> list[Arrays]:
        """Answer many samples, each as a call of its own would, but faster where the bundle's rows allow it.

        Where the manifest says that rows are independent, padding behind a row's last unmasked position is
        dropped, rows of equal sizes run together where that was measured to be faster, and the others one
        by one. An int8 graph scales the activations of a call together: single rows are answered
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
            return [self._buckets.run(arrays) for arrays in checked]
        return self._splitter.run(self._buckets.run, checked, self._buckets.stacks)

    def prepare(
        self,
        *,
        text: object = None,
        pair: object = None,
        prompt: str | None = None,
        image: object = None,
        audio: object = None,
        series: object = None,
    ) -> Arrays:
        """Make the inputs of a call from an app's own data, as the bundle's ``processing`` says.

        Each is one or, for a batch, a list of them. Inputs that the bundle prepares nothing for are left to
        the caller.

        Args:
            text: A str. One of more tokens than the bundle takes is cut at its end, with a warning.
            pair: The second text of a pair, such as the context of a question, where the bundle takes pairs.
            prompt: The name of one of the bundle's prompts, which is put before the text; "" for none.
                Default: the bundle's ``default_prompt``.
            image: The path of a file, an image of Pillow's, or an array of uint8, (H, W) or (H, W, C).
            audio: The path of a WAV file, or an ``edgeattn_runtime.Sound``.
            series: The path of a CSV file, or an array of numbers, (series, time); NaN is a missing one.

        Returns:
            One array per input that is prepared, by name.

        Raises:
            InputError: The bundle prepares no such data; or it is of a kind, color, depth, rate or length
                that the bundle does not take.
            EdgeAttnError: An extra is not installed: ``edgeattn[text]`` or ``edgeattn[image]``.
        """
        return self._preparation.inputs(
            text=text, pair=pair, prompt=prompt, image=image, audio=audio, series=series
        )

    def labels(self, outputs: Mapping[str, object]) -> list[list[Label]]:
        """Read what a call returned by the bundle's labels.

        Args:
            outputs: A call's.

        Returns:
            For every vector along the output's last axis, in order, all names with their values, from the
            largest value to the least.

        Raises:
            InputError: The bundle has no labels, or the output breaks its contract.
        """
        return self._preparation.labels(outputs)

    def predictions(
        self, outputs: Mapping[str, object], *, text: object = None, pair: object = None, size: object = None
    ) -> list[list[Prediction]]:
        """Read what a call returned as a person would: labels with scores, a text, an answer, or objects.

        Args:
            outputs: A call's.
            text: What was prepared, one or a list: a prediction that lies in a text is cut out of it.
            pair: Likewise, the second text of each pair, which an answer lies in.
            size: The width and height in pixels of the image that was prepared or, of a batch, a list of
                these: boxes are then in its pixels. Without it they are shares of the image. Where an image
                lies in a border or is cut, boxes need it.

        Returns:
            For every row of the outputs its predictions, the likeliest first; one transcript, or one answer.

        Raises:
            InputError: The bundle has no ``processing.prediction``, or an output breaks its contract.
        """
        return self._preparation.predictions(outputs, text=text, pair=pair, size=size)

    def forecast(self, outputs: Mapping[str, object]) -> NDArray[np.float64]:
        """Return what a call forecast, in the series' own units.

        Args:
            outputs: A call's.

        Returns:
            (N, series, time), the series in the order of the manifest's ``processing.series.names``.

        Raises:
            InputError: The bundle forecasts no series, or the output breaks its contract.
        """
        return self._preparation.forecast(outputs)

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of token ids, such as ``generate`` yields, without special tokens.

        Raises:
            InputError: The bundle has no tokenizer, or these are no token ids.
            EdgeAttnError: The extra ``edgeattn[text]`` is not installed.
        """
        return self._preparation.decode(tokens)

    def answering(self, arrays: Mapping[str, NDArray[Any]]) -> Variant:
        """Return the variant that answers arrays that keep the contract: the first that fits their sizes."""
        return self.variants[self._buckets.fitting(bind(self.inputs, arrays))]

    def check(self) -> tuple[GoldenResult, ...]:
        """Replay the bundle's golden vectors on this machine; only those of the main graph.

        Returns:
            For every output of every sample how near it came to PyTorch's, and whether that is near enough;
            nothing where the bundle was packed without golden vectors.

        Raises:
            BundleError: The golden vectors are not what the manifest says.
        """
        return check(self)

    def close(self) -> None:
        """Let go of every graph's memory; a later call is refused. ``with load(...) as net`` does so too."""
        with self._opening:
            for model in self._models.values():
                model.close()
        self._opened.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        sides = [", ".join(map(str, tensors)) for tensors in (self.inputs, self.outputs)]
        return f"<{self.name}: {' -> '.join(sides)}>"

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
    def kernels(self) -> Kernels:
        """Which way the preferred variant's sessions go: with kernels of edgeattn's own, or without."""
        engine = self.variants[0].engine
        return kernels_of(engine.providers, engine.options)

    @property
    def session(self) -> GraphSession:
        """The graph of the preferred variant, opened: it takes only its own sizes, and checks nothing."""
        return self._opened.session(0)

    def fitting_session(self, sizes: Mapping[str, int]) -> GraphSession:
        """Return the graph of the variant that answers a call of these sizes, by symbol; it checks nothing.

        Raises:
            InputError: None does, or the model was closed.
        """
        return self._opened.session(self._buckets.fitting(sizes))

    @property
    def manifest(self) -> Manifest:
        """The bundle's manifest."""
        return self.files.manifest

    def graph(self, name: str) -> Model:
        """Return a graph of the same bundle with as many threads; it is opened once.

        Raises:
            InputError: The bundle has no graph of that name.
            BundleError: The graph is not what the manifest says.
        """
        if name not in self.manifest.graphs:
            raise InputError(
                f"{self.files.folder}: no graph {name!r}; it has {', '.join(self.manifest.graphs)}"
            )
        if name == self._name:
            return self
        with self._opening:
            if name not in self._models:
                self._models[name] = Model(self.files, name, self._runnable, threads=self._threads)
            return self._models[name]

    def _checked(self, inputs: Mapping[str, object]) -> Arrays:
        """Return a call's arrays, which keep the contract; a cache that is left out is an empty one."""
        generation, symbols = self.manifest.generation, self.manifest.symbols
        if generation is not None and generation.decoder == self._name:
            arrays = decoder_inputs(generation, self._graph, symbols, inputs)
        else:
            arrays = check_inputs(self._graph, symbols, inputs)
        check_token_ids(self._token_inputs, arrays)
        self._buckets.check(arrays)
        return arrays

    def _checked_sample(self, index: int, sample: object) -> Arrays:
        if not isinstance(sample, Mapping):
            kind = type(sample).__name__
            raise InputError(f"sample {index}: {kind} found, a mapping of inputs by name expected")
        try:
            return self._checked(sample)
        except InputError as error:
            raise InputError(f"sample {index}: {error}") from error
