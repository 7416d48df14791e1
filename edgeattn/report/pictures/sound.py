"""A sound as its wave and its spectrogram, and both models' answers."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgeattn.report.pictures.answered_sample import AnsweredSample, write_words
from edgeattn.report.svg import INK
from edgeattn_runtime.processing import Audio
from edgeattn_runtime.processing.log_mel import LogMel

_WIDTH = 7.0  # inches
_FRAME = 0.025  # seconds of a column of the spectrogram
_COLUMNS = 160  # at most
_FAINTEST = -45.0  # dB below the loudest that is still drawn
_POINTS = 600  # of the wave


def draw_sound(sample: AnsweredSample, audio: Audio) -> Figure:
    """Draw the wave over the spectrogram; of features, only the features."""
    row = np.asarray(sample.inputs[audio.input][0], np.float64)
    figure = Figure((_WIDTH, 2.1 if audio.log_mel else 2.9))
    if audio.log_mel is not None:
        _draw_features(figure.add_axes((0.09, 0.22, 0.89, 0.5)), row, audio.log_mel, audio.rate)
    else:
        samples = np.atleast_2d(row)[0]
        _draw_wave(figure.add_axes((0.09, 0.58, 0.89, 0.22)), samples)
        _draw_spectrogram(figure.add_axes((0.09, 0.16, 0.89, 0.4)), samples, audio.rate)
    write_words(figure, sample, left=0.09, top=0.98, line=0.115 if audio.log_mel else 0.085)
    return figure


def _draw_wave(axes: Axes, samples: NDArray[np.float64]) -> None:
    parts = np.array_split(samples, min(_POINTS, samples.size))
    axes.fill_between(
        range(len(parts)), [part.min() for part in parts], [part.max() for part in parts], color=INK, lw=0.4
    )
    axes.set_xlim(0, max(len(parts) - 1, 1))
    axes.set_axis_off()


def _draw_spectrogram(axes: Axes, samples: NDArray[np.float64], rate: int) -> None:
    frame = max(int(_FRAME * rate), 2)
    whole = np.pad(samples, (0, max(frame - samples.size, 0)))
    hop = max(-(-(whole.size - frame) // _COLUMNS), 1)
    windows = sliding_window_view(whole, frame)[::hop] * np.hanning(frame)
    power = np.abs(np.fft.rfft(windows)) ** 2
    loudness = 10 * np.log10(power.T / (power.max() or 1) + 10 ** (_FAINTEST / 10))
    _show(axes, loudness, samples.size / rate, top=rate / 2000)
    axes.set_ylabel("kHz")


def _draw_features(axes: Axes, tokens: NDArray[np.float64], how: LogMel, rate: int) -> None:
    heard = tokens[np.any(tokens != 0, axis=1)]  # zeros stand after the sound
    frames = heard.reshape(-1, how.bands)
    _show(axes, frames.T, len(frames) * how.hop / rate, top=how.bands)
    axes.set_ylabel("mel band")


def _show(axes: Axes, values: NDArray[np.float64], seconds: float, *, top: float) -> None:
    extent = (0.0, seconds, 0.0, top)
    axes.imshow(values, aspect="auto", origin="lower", extent=extent, cmap="magma_r", interpolation="nearest")
    axes.set_xlabel("seconds", labelpad=1)
