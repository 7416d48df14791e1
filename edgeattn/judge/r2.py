"""How much of what an output varies by int8 explains: R² of each channel, over samples and positions.

scikit-learn's ``r2_score``: of classes the variance-weighted average, of other channels the uniform one, but
for those that hardly vary, which are measured by the floor of ``edgeattn_export.graph.spread``. Each sample
keeps sums, not answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn.results.accuracy import OutputAccuracy
from edgeattn_export.graph.spread import Array, Moments, Spread


@dataclass(frozen=True, slots=True)
class R2Part:
    """One sample's part of an output's R².

    Attributes:
        moments: Of the original's answer, by channel.
        squares: The sum of squared errors, by channel.
        error: The mean squared error in units of the spread on the selection samples.
        error_float: The float export's.
        rows: Positions that were compared.
    """

    moments: Moments
    squares: Array
    error: float
    error_float: float
    rows: int


def r2_part(
    spread: Spread,
    expected: NDArray[np.generic],
    actual: NDArray[np.generic],
    floats: NDArray[np.generic],
) -> R2Part:
    """Return what one sample shows of an output, padding left out.

    Args:
        spread: The output's, on the selection samples.
        expected: The original's answer.
        actual: Int8's, of the same dims.
        floats: The float export's.
    """
    errors = spread.errors(expected, actual)  # (N, C)
    counted = ~np.isnan(errors)
    return R2Part(
        moments=Moments.of(spread.compared(expected), len(spread.mean)),
        squares=np.where(counted, errors, 0.0).sum(axis=0) * np.square(spread.deviation),
        error=float(errors[counted].mean()) if counted.any() else 0.0,
        error_float=spread.error(expected, floats),
        rows=len(errors),
    )


@dataclass(frozen=True, slots=True)
class OutputR2:
    """R² of an output.

    Attributes:
        errors: What each sample lacks; their mean is 1 less R².
    """

    accuracy: OutputAccuracy
    errors: tuple[float, ...]


def output_r2(name: str, dims: Sequence[int | str], spread: Spread, parts: Sequence[R2Part]) -> OutputR2:
    """Return an output's R² over samples, by its spread on the selection samples."""
    moments, squares = parts[0].moments, parts[0].squares
    for part in parts[1:]:
        moments, squares = moments + part.moments, squares + part.squares
    means = np.where(moments.count > 0, squares / np.maximum(moments.count, 1), np.nan)
    channels = 1 - means / np.square(moments.channel_units(spread.kind))
    counted = channels[~np.isnan(channels)]
    units = moments.spread(spread.kind).deviation
    r2 = float(1 - np.nanmean(means / np.square(units))) if counted.size else 1.0
    worst = int(np.nanargmin(channels)) if counted.size else 0
    weights = np.array([part.rows for part in parts], np.float64)
    errors = np.array([part.error for part in parts]) * weights / (weights.mean() or 1.0)
    scale = (1 - r2) / errors.mean() if errors.mean() else 1.0  # by the spread of these very samples
    fixed = [dim for dim in dims if isinstance(dim, int)]
    accuracy = OutputAccuracy(
        output=name,
        kind=spread.kind.kind,
        by=spread.kind.by,
        r2=r2,
        r2_channel_min=float(channels[worst]) if counted.size else 1.0,
        channel=_place(worst, fixed, len(channels)),
        r2_float=1 - float(np.mean([part.error_float for part in parts])),
    )
    return OutputR2(accuracy, tuple((errors * scale).tolist()))


def _place(channel: int, fixed: Sequence[int], count: int) -> tuple[int, ...]:
    """Return where a channel is along the trailing fixed dims."""
    trailing: list[int] = []
    while int(np.prod(trailing)) != count and len(trailing) < len(fixed):
        trailing.insert(0, fixed[len(fixed) - 1 - len(trailing)])
    return tuple(int(each) for each in np.unravel_index(channel, trailing)) if trailing else ()
