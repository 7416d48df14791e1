"""Cases of bundles that take sounds or series: at once, as files, and in windows over what never ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import csvs
import numpy as np
import signals
import wavs
from bundles import adding, echoed
from case import REFUSED, Case, Entry, accepted, numbers, tensors
from graphs import Array
from preparation import Preparation, batch, of_files
from pushes import NEAR, moments

from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.processing import Audio, Processing, Series
from edgeattn_runtime.processing.log_mel import LogMel

_TIME = 6  # values of each series
_MEL = LogMel(frame=8, hop=3, bands=4, stack=2, floor=1e-5)
_NEEDS = {"needs": "stream"}

# Why, how they are taken, and the dims of the input behind its batch.
_SOUNDS: dict[str, tuple[str, Audio, tuple[str | int, ...]]] = {
    "mono": (
        "sounds of one channel, filled up to the 12 samples of the input",
        Audio(input="wave", rate=8000, channels=1),
        (12,),
    ),
    "stereo": (
        "sounds of two channels and any length",
        Audio(input="wave", rate=16000, channels=2),
        (2, "time"),
    ),
    "log-mel": (
        "sounds as log-mel features",
        Audio(input="sound", rate=8000, channels=1, log_mel=_MEL),
        ("tokens", 8),
    ),
}
_SERIES = {
    "hold": "two series, where a missing value is the one before it",
    "refuse": "two series without gaps",
}


def cases() -> Iterator[Case]:
    """Yield the cases."""
    draw = np.random.default_rng(12)
    for name, (why, audio, dims) in _SOUNDS.items():
        prepare, time = _prepared_sounds(name, audio, dims, draw)
        files = adding((Tensor(audio.input, "float32", ("batch", *dims)),), Processing(audio=audio))
        streams = {} if audio.log_mel else {"stream": _sound_streams(audio, time)}
        yield accepted(name, why, files, prepare=prepare, **streams)
    for missing, why in _SERIES.items():
        series = Series(
            input="past",
            output="same",
            names=("rain in mm", "wind"),
            mean=(0.1, 50),
            std=(3, 1 / 3),
            missing=missing,
        )
        prepare, dims = _prepared_series(f"series-{missing}", series, draw), ("batch", 2, _TIME)
        graph = Graph((Tensor("past", "float32", dims),), (Tensor("same", "float32", dims),))
        asks = {"forecast": _forecasts(series), "stream": _series_streams(series)}
        files = echoed(graph, Processing(series=series))
        yield accepted(
            f"series-{missing}", why, files, prepare=prepare, **(asks if missing == "hold" else {})
        )


def _prepared_sounds(
    name: str, audio: Audio, dims: Sequence[str | int], draw: np.random.Generator
) -> tuple[list[Preparation], int | None]:
    """Return odd sounds and WAV files, and the input's samples, None for any."""
    time = dims[-1] if isinstance(dims[-1], int) and audio.log_mel is None else None
    needs, tolerance = ("audio", 0.0) if audio.log_mel is None else ("log-mel", 1e-4)
    table = audio.to_table()

    def prepared(item: Any) -> list[float] | None:
        return signals.expected_sounds(batch(item), table, time)

    raw = signals.sounds(audio.rate, audio.channels, draw)
    results = [prepared(item) for item in raw]
    given = [Preparation("audio", f"{name}.given", raw, f"{name}.numbers", results, needs, tolerance)]
    if time is None:
        files = [
            (
                f"{name}-{file}",
                data,
                None if samples is None else prepared({"rate": audio.rate, "channels": samples.tolist()}),
            )
            for file, data, samples in wavs.wavs(audio.rate, audio.channels)
        ]
        given.append(of_files("audio", f"{name}.wavs", files, tolerance=tolerance))
    return given, time


def _prepared_series(name: str, series: Series, draw: np.random.Generator) -> list[Preparation]:
    """Return odd series, and CSV files where gaps are filled."""

    def prepared(item: Any) -> list[float] | None:
        return signals.expected_series(batch(item), asdict(series), _TIME)

    raw = signals.series(len(series.names), _TIME, draw)
    results = [prepared(item) for item in raw]
    given = [Preparation("series", f"{name}.given", raw, f"{name}.numbers", results, "series")]
    if series.missing == "hold":
        files = [(file, data, rows and prepared({"values": rows})) for file, data, rows in csvs.csvs()]
        given.append(of_files("series", f"{name}.csvs", files))
    return given


def _forecasts(series: Series) -> list[Entry]:
    """Return outputs to be read as a forecast, and some that are none."""
    output = np.random.default_rng(5).normal(size=(2, len(series.names), 3)).astype(np.float32)
    units = output * np.array(series.std)[:, np.newaxis] + np.array(series.mean)[:, np.newaxis]
    broken = (
        {"other": output},
        {"same": output.astype(np.float64)},
        {"same": output[:, :1]},
        {"same": output[0]},
    )
    needs = {"needs": "forecast"}
    return [
        {"outputs": tensors({"same": output}), "forecast": tensors({"same": units})["same"], **needs},
        *({"outputs": tensors(each), **REFUSED, **needs} for each in broken),
    ]


def _sound_streams(audio: Audio, own: int | None) -> list[Entry]:
    """Return sounds that come in pieces, and streams that cannot be."""
    draw = np.random.default_rng(8)
    heard = np.round(draw.uniform(-1, 1, (audio.channels, 40)), 3).astype(np.float32)
    heard[0, 23] = 1.5  # windows over it are refused
    size = own or 7

    def answer(window: Array) -> dict[str, Array] | None:
        if np.abs(window).max() > 1:
            return None
        return {"total": window.astype(np.float64).sum(keepdims=True).reshape(1, 1).astype(np.float32)}

    broken: list[tuple[int, int | None]] = [(0, size), (1, 0), *([(1, None)] if own is None else [])]
    return [
        _stream(heard, (3, 11, 0, 1, 9, 16), hop=5, window=size, own=own, answer=answer),
        _stream(heard, (15, 25), hop=size + 4, window=size, own=own, answer=answer),
        _stream(heard, (1,) * 40, hop=1, window=3, own=None, answer=answer),
        *({"hop": hop, "window": window, "pushes": [], **REFUSED, **_NEEDS} for hop, window in broken),
    ]


def _series_streams(series: Series) -> list[Entry]:
    """Return series that come in pieces, with gaps."""
    count = len(series.names)
    values = np.round(np.random.default_rng(9).normal(20, 30, (count, 40)), 2)
    values[0, [0, 4, 9]] = np.nan
    values[1, 15:23] = np.nan  # longer than a window

    def answer(window: Array) -> dict[str, Array] | None:
        row = signals.expected_series([{"values": _rows(window)}], asdict(series), _TIME)
        return None if row is None else {"same": np.array(row, np.float32).reshape(1, count, _TIME)}

    return [
        _stream(values, (2, 4, 7, 0, 12, 15), hop=2, window=_TIME, own=_TIME, answer=answer),
        _stream(values, (10, 10, 10, 10), hop=9, window=_TIME, own=None, answer=answer),
    ]


def _stream(
    values: Array,
    sizes: Sequence[int],
    *,
    hop: int,
    window: int,
    own: int | None,
    answer: Callable[[Array], Mapping[str, Array] | None],
) -> Entry:
    """Return a stream of ``values``, (rows, time), pushed in pieces of these sizes."""
    return {
        "hop": hop,
        "window": None if window == own else window,
        "pushes": [_rows(piece) for piece in np.split(values, np.cumsum(sizes)[:-1], axis=1)],
        "moments": moments(sizes, window, hop, lambda end: answer(values[:, end - window : end])),
        "tolerance": NEAR,
        **_NEEDS,
    }


def _rows(values: Array) -> list[list[float | None]]:
    return [numbers(row, nan=None) for row in values]
