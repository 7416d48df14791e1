"""Statistics of a layer's input on real samples: gathered in one pass, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Sample
from edgeattn_export.graph.values import with_outputs
from edgeattn_export.quantize.layers.histogram import Histogram
from edgeattn_export.quantize.layers.layout import Layout
from edgeattn_runtime.errors import QuantizeError

Rows = tuple[str, Layout]  # a value's name, and how it is rows of channels

GRAM_BYTES = 640 * 2**20  # bytes of Gram matrices that one pass may hold: those of a 12-layer BERT


@dataclass(frozen=True, slots=True)
class Reference:
    """What the float graph has in the place of a value with D channels, row by row.

    Attributes:
        mean: (D)
        cross: (D, D) The sum of x^T f, float32: x of the value, f of the float graph.
    """

    mean: NDArray[np.float32]
    cross: NDArray[np.float32]

    @classmethod
    def of(cls, x: NDArray[np.generic], reference: NDArray[np.generic]) -> Reference:
        """Return the statistics of rows (..., D)."""
        x, f = (each.astype(np.float32, copy=False).reshape(-1, each.shape[-1]) for each in (x, reference))
        return cls(f.mean(0) if len(f) else np.zeros(f.shape[1], np.float32), x.T @ f)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of one value with D channels, over all its rows: every position of every sample.

    Attributes:
        rows: How many there were.
        low: (D) The smallest number of each channel.
        high: (D) The largest.
        mean: (D)
        gram: (D, D) The sum of x^T x, float32: the Hessian of a linear layer's squared output error, but
            for a factor; None where nobody asked for it.
        histogram: Of each channel; None where nobody asked for it.
        reference: What the float graph has in its place, where that differs; only of the undivided value.
    """

    rows: int
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    mean: NDArray[np.float32]
    gram: NDArray[np.float32] | None
    histogram: Histogram | None = None
    reference: Reference | None = None

    @property
    def largest(self) -> NDArray[np.float32]:
        """The largest absolute number of each channel, (D)."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    def divided(self, divisor: NDArray[np.float32]) -> Statistics:
        """Return the statistics of the value divided by (D) positive numbers."""
        gram = None if self.gram is None else self.gram / np.outer(divisor, divisor)
        histogram = None if self.histogram is None else self.histogram.divided(divisor)
        low, high, mean = (each / divisor for each in (self.low, self.high, self.mean))
        return Statistics(self.rows, low, high, mean, gram, histogram)

    def taken(self, channels: NDArray[np.int64]) -> Statistics:
        """Return the statistics of some of the value's channels, (k) of them, in that order."""
        gram = None if self.gram is None else self.gram[np.ix_(channels, channels)]
        histogram = None if self.histogram is None else self.histogram.taken(channels)
        low, high, mean = (each[channels] for each in (self.low, self.high, self.mean))
        return Statistics(self.rows, low, high, mean, gram, histogram)

    def joined(self, other: Statistics) -> Statistics:
        """Return the statistics of both values' rows together."""
        rows = self.rows + other.rows
        gram = None if self.gram is None or other.gram is None else self.gram + other.gram
        histograms = self.histogram, other.histogram
        return Statistics(
            rows,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            ((self.mean * self.rows + other.mean * other.rows) / rows).astype(np.float32),
            gram,
            None if histograms[0] is None or histograms[1] is None else histograms[0].joined(histograms[1]),
        )


def calibrate(
    model: ir.Model,
    values: Iterable[Rows],
    samples: Iterable[Sample],
    engine: Engine,
    *,
    grams: bool,
    histograms: bool = False,
) -> dict[Rows, Statistics]:
    """Run a float graph on the samples, one at a time, and gather the statistics of some of its values.

    Args:
        model: The graph; left as it is.
        values: Names of values, and how each is rows of channels.
        samples: Real inputs.
        engine: What runs it.
        grams: Whether Gram matrices are wanted: D * D numbers each.
        histograms: Whether histograms are.

    Returns:
        The statistics of each.

    Raises:
        QuantizeError: A histogram is wanted of what holds a NaN or an infinity.
    """
    ordered = list(dict.fromkeys(values))
    answer = engine.runner(with_outputs(model, dict.fromkeys(name for name, _ in ordered)))
    statistics: dict[Rows, Statistics] = {}
    for sample in samples:
        outputs = answer(sample.inputs)
        for rows in ordered:
            name, layout = rows
            of_sample = statistics_of(name, layout.rows(outputs[name]), grams=grams, histograms=histograms)
            statistics[rows] = statistics[rows].joined(of_sample) if rows in statistics else of_sample
    return statistics


def passes(widths: Mapping[str, int]) -> Iterator[list[str]]:
    """Split values into passes whose Gram matrices fit ``GRAM_BYTES`` together; a larger one gets its own.

    Args:
        widths: The channels D of each value.
    """
    batch: list[str] = []
    total = 0
    for name, width in widths.items():
        size = width * width * np.dtype(np.float32).itemsize
        if batch and total + size > GRAM_BYTES:
            yield batch
            batch, total = [], 0
        batch.append(name)
        total += size
    if batch:
        yield batch


def statistics_of(
    name: str, value: NDArray[np.generic], *, grams: bool, histograms: bool = False
) -> Statistics:
    """Return the statistics of one sample's value, (..., D).

    Raises:
        QuantizeError: A histogram is wanted of what holds a NaN or an infinity.
    """
    x = value.astype(np.float32, copy=False).reshape(-1, value.shape[-1])  # (T, D)
    if not len(x):
        x = np.zeros((1, x.shape[-1]), np.float32)
    low, high = x.min(0), x.max(0)
    if histograms and not np.isfinite([low, high]).all():
        raise QuantizeError(
            f"value {name!r} holds a NaN or an infinity on a calibration sample; expected finite numbers"
        )
    histogram = Histogram.of(x) if histograms else None
    return Statistics(len(x), low, high, x.mean(0), x.T @ x if grams else None, histogram)
