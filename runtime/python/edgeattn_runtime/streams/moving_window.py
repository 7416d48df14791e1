"""A window that moves over a sound or over series as they come: one call a hop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model
from edgeattn_runtime.processing import Processing, Sound


class Moment(NamedTuple):
    """What a window, or a step's piece, was answered with.

    Attributes:
        end: Where it ended: how many samples, or values of each series, had come by then.
        outputs: Of the call.
    """

    end: int
    outputs: Arrays


class MovingWindow:
    """Takes numbers as they come along an axis, and gives windows a hop apart; it keeps a window at most."""

    def __init__(self, shape: Sequence[int], axis: int, *, hop: int, window: int) -> None:
        self._buffer: NDArray[Any] = np.zeros(shape)
        self._axis = axis
        self._hop, self._window = hop, window
        self._begin = 0  # of what is kept, in all that has come
        self._next = window  # the end of the next window

    def push(self, came: NDArray[Any]) -> None:
        """Take a copy of what has come."""
        kept = self._buffer
        self._buffer = np.concatenate((kept, came), axis=self._axis) if kept.size else came.copy()

    def windows(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield each window that is complete, once, with its end in all that has come."""
        while self._next <= self._begin + self._buffer.shape[self._axis]:
            end, first = self._next, self._next - self._window - self._begin
            window = self._sliced(first, first + self._window)
            self._next += self._hop
            dropped = min(self._next - self._window - self._begin, self._buffer.shape[self._axis])
            self._buffer, self._begin = self._sliced(dropped, None), self._begin + dropped
            yield end, window

    def _sliced(self, first: int, end: int | None) -> NDArray[Any]:
        return self._buffer[(*[slice(None)] * self._axis, slice(first, end))]


class Stream:
    """A sound or series that never end, answered a window at a time.

        stream = edgeattn_runtime.Stream(net, hop=800)
        for moment in stream.push(samples):  # as many as have come
            word, value = net.labels(moment.outputs)[0][0]

    Each window is prepared as the bundle's ``processing`` says. The first answer comes with as many samples
    as a window has, the others a hop later each. No more than a window is kept.

    Args:
        model: A bundle with ``audio`` or ``series`` in its processing.
        hop: Samples, or values of each series, from an answer to the next.
        window: As many are looked at; None takes as many as the input has.

    Raises:
        InputError: ``hop`` or ``window`` is below 1, ``window`` is missing and the input has no size of its
            own, or the bundle prepares neither sounds nor series.
    """

    def __init__(self, model: Model, *, hop: int, window: int | None = None) -> None:
        self._model = model
        self._processing = model.manifest.processing or Processing()
        self._rows, own = self._input()
        size = own if window is None else window
        if size is None:
            raise InputError(f"window: None found, a number expected: {model.name} takes any")
        if hop < 1 or size < 1:
            raise InputError(f"a hop of {hop} in a window of {size} found, at least 1 of each expected")
        self.hop, self.window = hop, size
        self.reset()

    def push(self, values: object) -> list[Moment]:
        """Take what has come, any number of samples, and answer each window that it completes.

        Args:
            values: Floats, (channels, time) or, of one channel, (time,); or numbers, (series, time).

        Raises:
            InputError: It is of another kind, or the bundle refuses a window, such as one with a gap. The
                next call goes on with the window behind it.
        """
        array = np.asarray(values)
        came = array[np.newaxis] if array.ndim == 1 and self._rows == 1 else array
        if came.dtype.kind not in "fiu" or came.ndim != 2 or len(came) != self._rows:
            raise InputError(
                f"{array.dtype} {list(array.shape)} found, numbers of [{self._rows}, time] expected"
            )
        self._moving.push(came)
        return [Moment(end, self._model(**self._prepared(window))) for end, window in self._moving.windows()]

    def reset(self) -> None:
        """Begin anew: nothing has come."""
        self._moving = MovingWindow((self._rows, 0), 1, hop=self.hop, window=self.window)

    def _prepared(self, window: NDArray[Any]) -> Arrays:
        if self._processing.audio is not None:
            return self._model.prepare(audio=Sound(self._processing.audio.rate, window))
        return self._model.prepare(series=window)

    def _input(self) -> tuple[int, int | None]:
        """Return how many channels or series there are, and how long the input is; None for any length."""
        audio, series = self._processing.audio, self._processing.series
        if audio is not None:
            rows, name = audio.channels, audio.input
        elif series is not None:
            rows, name = len(series.names), series.input
        else:
            raise InputError(f"{self._model.name}: prepares neither audio nor series; call it with arrays")
        (last,) = (tensor.dims[-1] for tensor in self._model.inputs if tensor.name == name)
        return rows, last if isinstance(last, int) and (audio is None or audio.log_mel is None) else None
