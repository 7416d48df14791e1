"""The inputs on which two graphs must agree before one may take the other's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.shapes import shaped, sizes_of
from edgeattn_runtime.errors import CaptureError, EdgeAttnError

STACKED = 3  # rows in the stacked trial: neither 1 nor the 2 that a capture sees


def trials(samples: Samples, axes: Axes) -> Iterator[Inputs]:
    """Yield the shortest and longest real samples, a stack of rows, rows of size 1, and masked variants.

    A mask that hides nothing proves nothing, and real samples handed over one by one are seldom padded: so
    where an input looks like a mask (0 and 1 alone in every sample), each trial comes again with its last
    third hidden, and once with all but the first position hidden.
    """
    masks = tuple(name for name in samples.names if _is_mask(samples, name))
    for inputs in _plain(samples, axes):
        yield inputs
        for shown in (0.67, 0.0):
            if masks:
                yield {n: _hidden(v, shown) if n in masks else v for n, v in inputs.items()}


def answered(
    reference: Callable[[Inputs], Outputs], samples: Samples, axes: Axes
) -> Iterator[tuple[Inputs, Outputs]]:
    """Yield trials with the original's answers, but those of made-up sizes that are beyond it.

    Raises:
        EdgeAttnError: The original fails on a real sample, the first trial.
        CaptureError: Its answer has another form than for other inputs.
    """
    for i, inputs in enumerate(trials(samples, axes)):
        try:
            expected = reference(inputs)
        except CaptureError:  # its answer has another form, which no graph can follow
            raise
        except EdgeAttnError:
            if i == 0:
                raise
            continue
        yield inputs, expected


def _plain(samples: Samples, axes: Axes) -> Iterator[Inputs]:
    by_size = sorted(samples, key=lambda sample: sum(v.size for v in sample.inputs.values()))
    yield by_size[0].inputs
    yield by_size[-1].inputs
    middle = sizes_of(by_size[len(by_size) // 2].inputs, axes)
    if axes.batch:
        yield shaped(samples, axes, {**middle, axes.batch: STACKED})
    if axes.symbols:
        yield shaped(samples, axes, dict.fromkeys(axes.symbols, 1))


def _is_mask(samples: Samples, name: str) -> bool:
    values = [sample.inputs[name] for sample in samples]
    return all(v.ndim >= 2 and v.dtype.kind in "biu" and bool(((v == 0) | (v == 1)).all()) for v in values)


def _hidden(value: NDArray[np.generic], shown: float) -> NDArray[np.generic]:
    kept = max(1, round(value.shape[-1] * shown))
    hidden = value.copy()
    hidden[..., kept:] = 0
    return hidden
