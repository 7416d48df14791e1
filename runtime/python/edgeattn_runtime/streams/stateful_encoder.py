"""A sequence that never ends, answered hop by hop by an encoder that keeps its state."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle.streaming import Streaming, hop_shape, outputs_of, series_of, sounds_of
from edgeattn_runtime.contract import Arrays, check_inputs
from edgeattn_runtime.engine.graph_session import GraphSession, OpenGraph
from edgeattn_runtime.engine.kv_cache import zeros
from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.graph import Graph, Tensor, symbols_of
from edgeattn_runtime.model import Model
from edgeattn_runtime.processing import Sound
from edgeattn_runtime.streams.moving_window import Moment, MovingWindow


class StepStream:
    """A sound, series or features that never end, of which each hop is computed once.

        stream = edgeattn_runtime.StepStream(net)
        for moment in stream.push(samples):  # as many as have come
            word, value = net.labels(moment.outputs)[0][0]

    What a hop needs of the past is in the state that the graph keeps, so that a hop takes the same time and
    memory however long the stream is. Where the bundle's ``processing`` makes the input of sounds or series,
    each hop is prepared as it says. It is one thread's at a time.

    Args:
        model: A bundle with ``streaming`` in its manifest.

    Raises:
        InputError: It has none, or the model is closed.
        BundleError: The graph of a step is not what the manifest says.
    """

    def __init__(self, model: Model) -> None:
        streaming = model.manifest.streaming
        if streaming is None:
            raise InputError(
                f"{model.name}: no 'streaming' in its manifest; move a window over what comes, by Stream"
            )
        self._streaming = streaming
        self._graph = model.graph(streaming.step)
        self._step = Step(self._opened(), streaming)
        self._source = Source(model, streaming)
        self._hops = self._source.hops()

    @property
    def hop(self) -> int:
        """How much of the time axis a step takes: samples, values of each series, or places."""
        return self._streaming.hop

    def push(self, values: object) -> list[Moment]:
        """Take what has come, any number of samples, and answer each hop that it completes.

        Args:
            values: Floats, (channels, time) or, of one channel, (time,); numbers, (series, time); or, where
                the bundle prepares neither, float32 in the input's dims without the batch.

        Returns:
            A moment a hop. Its outputs are the step's, only of this hop.

        Raises:
            InputError: It is of another kind, or a hop is refused, such as one with a NaN. The next call goes
                on with the hop behind it, and the state before it. Or the model is closed.
            DeadlineError: A step did not end within the ``Deadline`` around it; its hop is passed over too.
            BundleError: The graph fails.
        """
        self._opened()
        self._hops.push(self._source.read(values))
        return [Moment(end, self._step(self._source.prepared(hop))) for end, hop in self._hops.windows()]

    def reset(self) -> None:
        """Begin anew: zeros in every state, and nothing has come."""
        self._step.reset()
        self._hops = self._source.hops()

    def _opened(self) -> GraphSession:
        return self._graph.fitting_session(dict.fromkeys(symbols_of(self._graph.inputs), 1))


class Step:
    """The graph of a step with the state that it keeps, in arrays that are bound once.

    A step reads one array of each state and writes the other, so that one that fails leaves the state as it
    was.
    """

    def __init__(self, graph: OpenGraph, streaming: Streaming) -> None:
        inputs = {tensor.name: tensor for tensor in graph.graph.inputs}
        self._hop = _zeros(inputs[streaming.input])
        self._outputs = {tensor.name: _zeros(tensor) for tensor in outputs_of(streaming, graph.graph)}
        self._states = [[_zeros(inputs[entry.past]) for entry in streaming.states] for _ in range(2)]
        self._read, self._written = 0, 1
        pasts, presents = zip(*((entry.past, entry.present) for entry in streaming.states), strict=True)
        self._calls = [
            graph.bind(
                {streaming.input: self._hop, **dict(zip(pasts, read, strict=True))},
                {**self._outputs, **dict(zip(presents, written, strict=True))},
            )
            for read, written in (self._states, reversed(self._states))
        ]

    def __call__(self, hop: NDArray[np.float32]) -> Arrays:
        """Answer a hop (1, ...), and keep the state behind it.

        Raises:
            BundleError: The graph fails, or takes a hop of another shape.
        """
        if hop.shape != self._hop.shape:  # numpy would repeat one that is smaller
            raise BundleError(
                f"a hop of {list(hop.shape)} found, {list(self._hop.shape)} expected; export again"
            )
        self._hop[...] = hop
        self._calls[self._read]()
        self._read, self._written = self._written, self._read
        return {name: array.copy() for name, array in self._outputs.items()}

    def reset(self) -> None:
        """Go back to the state of zeros."""
        for state in self._states[self._read]:
            state.fill(0)


class Source:
    """What comes, and how a hop of it becomes the input: as a sound, as series, or as it is."""

    def __init__(self, model: Model, streaming: Streaming) -> None:
        manifest = model.manifest
        audio = sounds_of(streaming, manifest.processing)
        step = manifest.graphs[streaming.step]
        (self._tensor,) = (tensor for tensor in step.inputs if tensor.name == streaming.input)
        self._model, self._symbols, self._hop = model, manifest.symbols, streaming.hop
        self._axis, self._shape = streaming.axis - 1, hop_shape(self._tensor)[1:]  # without the batch
        self._rate = None if audio is None else audio.rate
        self._is_series = series_of(streaming, manifest.processing) is not None
        if audio is not None:
            self._axis, self._shape = 1, (audio.channels, self._hop)

    def hops(self) -> MovingWindow:
        """Return what takes what ``read`` returns, and gives hops of it."""
        shape = [0 if axis == self._axis else size for axis, size in enumerate(self._shape)]
        return MovingWindow(shape, self._axis, hop=self._hop, window=self._hop)

    def read(self, values: object) -> NDArray[Any]:
        """Return what has come as an array of the hop's dims, of any time; raises InputError."""
        with refusing(InputError, "what has come", "no array can be made of it", "pass a numpy array"):
            array = np.asarray(values)
        prepared = self._rate is not None or self._is_series
        if not prepared and not hasattr(values, "dtype") and array.dtype.kind in "fiu":
            array = array.astype(np.float32)
        came = array[np.newaxis] if prepared and array.ndim == 1 and self._shape[0] == 1 else array
        is_right = came.dtype.kind in "fiu" if prepared else came.dtype == np.float32
        if not is_right or not self._fits(came.shape):
            dims = ("time" if axis == self._axis else str(size) for axis, size in enumerate(self._shape))
            raise InputError(
                f"{array.dtype} {list(array.shape)} found, {'numbers' if prepared else 'float32'} of "
                f"[{', '.join(dims)}] expected"
            )
        return came

    def prepared(self, hop: NDArray[Any]) -> NDArray[Any]:
        """Return a hop as the step takes it; raises InputError."""
        if self._rate is not None:
            return self._model.prepare(audio=Sound(self._rate, hop))[self._tensor.name]
        if self._is_series:
            return self._model.prepare(series=hop)[self._tensor.name]
        graph, inputs = Graph((self._tensor,), ()), {self._tensor.name: hop[np.newaxis]}
        return check_inputs(graph, self._symbols, inputs)[self._tensor.name]

    def _fits(self, shape: tuple[int, ...]) -> bool:
        return len(shape) == len(self._shape) and all(
            axis == self._axis or size == own
            for axis, (size, own) in enumerate(zip(shape, self._shape, strict=True))
        )


def _zeros(tensor: Tensor) -> NDArray[Any]:
    return zeros(hop_shape(tensor), tensor.dtype)
