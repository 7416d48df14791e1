"""Cases of bundles that take sounds or series: at once, as files, and in windows over what never ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import signals
import wavs
from case import Case, Entry, numbers, tensors
from graphs import Array
from preparation import Preparation, batch, of_files
from processed import rows
from pushes import NEAR, moments

from edgeattn_runtime.processing import Audio, Series

_TIME = 6  # values of each series


def cases() -> Iterator[Case]:
    """Yield the cases."""
    draw = np.random.default_rng(12)
    for row in rows("sounds"):
        audio, time = row.processing.audio, row.graph.inputs[0].dims[-1]
        own = time if isinstance(time, int) and audio.log_mel is None else None
        prepare = _prepared_sounds(row.bundle, audio, own, draw)
        yield row.case(prepare=prepare, **({} if audio.log_mel else {"stream": _sound_streams(audio, own)}))
    for row in rows("series"):
        series = row.processing.series
        asks = {"forecast": _forecasts(series), "stream": _series_streams(series)}
        prepare = _prepared_series(row.bundle, series, draw)
        yield row.case(prepare=prepare, **(asks if series.missing == "hold" else {}))


def _prepared_sounds(
    name: str, audio: Audio, time: int | None, draw: np.random.Generator
) -> list[Preparation]:
    """Return odd sounds, and WAV files where an input takes any number of samples."""
    needs, tolerance = ("audio", 0.0) if audio.log_mel is None else ("log-mel", 1e-4)

    def prepared(item: Any) -> list[float] | None:
        return signals.expected_sounds(batch(item), audio, time)

    raw = signals.sounds(audio.rate, audio.channels, draw)
    results = [prepared(item) for item in raw]
    given = [Preparation("audio", f"{name}.given", raw, f"{name}.numbers", results, needs, tolerance)]
    if time is None:
        files = (
            (
                f"{name}-{file}",
                data,
                None if samples is None else prepared({"rate": audio.rate, "channels": samples.tolist()}),
            )
            for file, data, samples in wavs.wavs(audio.rate, audio.channels)
        )
        given.append(of_files("audio", f"{name}.wavs", files, tolerance=tolerance))
    return given


def _prepared_series(name: str, series: Series, draw: np.random.Generator) -> list[Preparation]:
    """Return odd series, and CSV files where gaps are filled."""

    def prepared(item: Any) -> list[float] | None:
        return signals.expected_series(batch(item), series, _TIME)

    raw = signals.series(len(series.names), _TIME, draw)
    results = [prepared(item) for item in raw]
    given = [Preparation("series", f"{name}.given", raw, f"{name}.numbers", results, "series")]
    if series.missing == "hold":
        files = ((name, data, rows and prepared({"values": rows})) for name, data, rows in _csvs())
        given.append(of_files("series", f"{name}.csvs", files))
    return given


def _csvs() -> Iterator[tuple[str, bytes, list[list[float | None]] | None]]:
    """Yield names, CSV files, and the series that they hold; None where refused."""
    for row in json.loads(Path(__file__).with_name("csvs.json").read_text("utf-8")):
        data = row["text"].encode() if "text" in row else row["bytes"].encode("latin-1")
        yield row["file"], data, row["values"]


def _forecasts(series: Series) -> list[Entry]:
    """Return outputs to be read as a forecast."""
    output = np.random.default_rng(5).normal(size=(2, len(series.names), 3)).astype(np.float32)
    units = output * np.array(series.std)[:, np.newaxis] + np.array(series.mean)[:, np.newaxis]
    forecast = tensors({"same": units})["same"]
    return [{"outputs": tensors({"same": output}), "forecast": forecast, "needs": "forecast"}]


def _sound_streams(audio: Audio, own: int | None) -> list[Entry]:
    """Return sounds that come in pieces."""
    draw = np.random.default_rng(8)
    heard = np.round(draw.uniform(-1, 1, (audio.channels, 40)), 3).astype(np.float32)
    heard[0, 23] = 1.5  # windows over it are refused
    size = own or 7

    def answer(window: Array) -> dict[str, Array] | None:
        if np.abs(window).max() > 1:
            return None
        return {"total": window.astype(np.float64).sum(keepdims=True).reshape(1, 1).astype(np.float32)}

    return [
        _stream(heard, (3, 11, 0, 1, 9, 16), hop=5, window=size, own=own, answer=answer),
        _stream(heard, (15, 25), hop=size + 4, window=size, own=own, answer=answer),
        _stream(heard, (1,) * 40, hop=1, window=3, own=None, answer=answer),
    ]


def _series_streams(series: Series) -> list[Entry]:
    """Return series that come in pieces, with gaps."""
    count = len(series.names)
    values = np.round(np.random.default_rng(9).normal(20, 30, (count, 40)), 2)
    values[0, [0, 4, 9]] = np.nan
    values[1, 15:23] = np.nan  # longer than a window

    def answer(window: Array) -> dict[str, Array] | None:
        row = signals.expected_series([{"values": _rows(window)}], series, _TIME)
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
    """Return a stream of ``values``, (rows, time), in pieces of these sizes, behind one that lacks a row."""
    lacking = [values[1:, :3]] if len(values) > 1 else []
    pieces = [*lacking, *np.split(values, np.cumsum(sizes)[:-1], axis=1)]
    given = moments(sizes, window, hop, lambda end: answer(values[:, end - window : end]))
    return {
        "hop": hop,
        "window": None if window == own else window,
        "pushes": [_rows(piece) for piece in pieces],
        "moments": [*([None] * len(lacking)), *given],
        "tolerance": NEAR,
        "needs": "stream",
    }


def _rows(values: Array) -> list[list[float | None]]:
    return [numbers(row, nan=None) for row in values]
