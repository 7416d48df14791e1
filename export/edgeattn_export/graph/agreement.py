"""When two float answers are the same: a tolerance in units of what each channel varies by.

The unit of a channel is its spread over all answers that are compared, so that neither an offset nor a large
channel hides a small one. What float32 leaves of large numbers is allowed besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.spread import LEAST_SPREAD, Array, Dims, Moments, channel_dims, moments_of
from edgeattn_runtime.graph import Graph

LAST_PLACE = float(np.finfo(np.float32).eps)  # of a number: the distance to the next one
OWN_PLACES = 8  # last places of a channel's largest number, that sums in another order may differ by
CHANCE = 0.1  # share of a channel's true spread within which numbers lie by chance, and how often each does


def output_dims(graph: Graph) -> dict[str, Dims]:
    """Return the dims of each output of a contract."""
    return {tensor.name: tensor.dims for tensor in graph.outputs}


@dataclass(frozen=True, slots=True)
class Units:
    """What each channel of each output varies by.

    Attributes:
        deviations: By output, of the dims that hold its channels; above 0.
    """

    deviations: Mapping[str, Array]

    @classmethod
    def of(cls, dims: Mapping[str, Dims], answers: Iterable[Outputs]) -> Units:
        """Return those of answers.

        Args:
            dims: Of each output, or the last of them: the trailing fixed ones hold its channels.
            answers: All that are compared.
        """
        return cls(
            {
                name: _deviation(moments).reshape(channel_dims(dims[name]))
                for name, moments in moments_of(dims, answers).items()
            }
        )

    def disagreement(
        self, expected: Outputs, actual: Outputs, tolerance: float, own: Mapping[str, Array] | None = None
    ) -> str | None:
        """Say where ``actual`` differs from ``expected``, or return None where they agree.

        Args:
            expected: Outputs by name.
            actual: Outputs of the same names.
            tolerance: The largest difference allowed, in units of the channel, besides rounding.
            own: By output, a difference that is allowed in any case, in units of each channel.
        """
        for name, reference in expected.items():
            unit = self.deviations[name]
            least = 0.0 if own is None else own[name] * unit
            reason = _difference(np.asarray(reference), np.asarray(actual[name]), unit, tolerance, least)
            if reason:
                return f"output {name!r} {reason}"
        return None

    def errors(self, expected: Outputs, actual: Outputs) -> dict[str, Array]:
        """Measure the largest difference in each channel of each output, in units of the channel.

        Args:
            expected: Outputs by name; where one holds NaN or infinity, nothing is compared.
            actual: Outputs of the same names and dims.
        """
        return {
            name: _largest_errors(np.asarray(reference), np.asarray(actual[name]), unit)[1] / unit
            for name, reference in expected.items()
            for unit in (self.deviations[name],)
        }


def _deviation(moments: Moments) -> Array:
    """Return the unit of each channel, at least what a few numbers, or numbers with an offset, can say.

    That n numbers all lie within a tenth of their true spread happens about once in 10^(n - 1).
    """
    least = np.maximum(CHANCE ** np.maximum(moments.count - 1, 0), LEAST_SPREAD) * moments.largest
    deviation = np.maximum(moments.deviation, least)
    return np.where(deviation > 0, deviation, 1.0)


def _difference(
    expected: NDArray[np.generic],
    actual: NDArray[np.generic],
    unit: Array,
    tolerance: float,
    least: Array | float,
) -> str | None:
    if expected.shape != actual.shape:
        return f"has dims {actual.shape}, {expected.shape} expected"
    if expected.shape[expected.ndim - unit.ndim :] != unit.shape:
        return f"has dims {actual.shape}, {unit.shape} at their end expected"
    a, b = expected.astype(np.float64), actual.astype(np.float64)
    finite = np.isfinite(a)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(b[finite]).all():
        return "holds NaN or infinity in other places"
    largest, error = _largest_errors(expected, actual, unit)
    rounding = LAST_PLACE * (OWN_PLACES * largest + largest.max(initial=0.0))
    allowed = np.maximum(tolerance * unit + rounding, least)
    if (error <= allowed).all():
        return None
    worst = np.unravel_index(np.argmax(error / allowed), unit.shape)
    channel = f" in channel {', '.join(map(str, worst))}" if worst else ""
    found, limit = error[worst] / unit[worst], allowed[worst] / unit[worst]
    return f"differs{channel} by {found:.1e} of its spread ({limit:.0e} allowed)"


def _largest_errors(
    expected: NDArray[np.generic], actual: NDArray[np.generic], unit: Array
) -> tuple[Array, Array]:
    """Measure the largest number and the largest difference of each channel, where ``expected`` is finite."""
    a, b = expected.astype(np.float64), actual.astype(np.float64)
    finite = np.isfinite(a)
    pooled = tuple(range(expected.ndim - unit.ndim))
    largest: Array = np.abs(a, where=finite, out=np.zeros_like(a)).max(axis=pooled, initial=0.0)
    difference = np.subtract(a, b, where=finite, out=np.zeros_like(a))
    error: Array = np.abs(difference).max(axis=pooled, initial=0.0)
    return largest, error
