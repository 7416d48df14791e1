"""The proof proven: wrong answers, made of the original's own, are put to the limits that judge int8.

No network runs. An error counts as seen where what is measured of it misses a limit, however many samples
there are; limits that need a network, targets, time or more samples are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.budget import DEFAULT, Budget
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.measures import Measures
from edgeattn.judge.output_metrics.generation import TOKEN_AGREEMENT
from edgeattn.judge.output_metrics.logits import PERPLEXITY_RATIO
from edgeattn.judge.padding import Padded
from edgeattn.measure.runners import THREADS, torch_threads
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn.results.planted_error import SHIFT, Kind, PlantedError
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.spread import Array, Moments, Spread, channel_dims
from edgeattn_runtime.graph import Tensor

GROSS: frozenset[Kind] = frozenset({"twice", "negative", "constant", "other sample"})
GROSS_ERROR = 0.04  # squared, in units of the spread: a fifth of it
SIZES: Mapping[Kind, float] = {"twice": 64.0, "tenth": 1.0, "shift": 64.0}  # the largest that are tried
LEAST_SIZE = 1 / 64
HALVINGS = 6
SAMPLES = 32  # whose answers are changed, of one output; of several outputs, fewer
LEAST_SAMPLES = 8  # of any number of outputs
NUMBERS = 2**17  # of all answers, about: 1 MB in float64
_UNASKED = (TOKEN_AGREEMENT.name, PERPLEXITY_RATIO.name)

Answers = Sequence[Mapping[str, Array]]  # of each sample, by output


def planted_errors(comparison: Comparison, budget: Budget, samples: Samples) -> tuple[PlantedError, ...]:
    """Return which wrong answers the limits of a budget see, made of those to the first samples.

    Returns:
        One for each kind of error that these answers can have; none where no limit on accuracy can be asked.
    """
    answers = original_answers(comparison, samples)
    verdict = _Verdict(comparison, budget, answers)
    if not verdict.is_asked or len(answers) < 2:
        return ()
    planted: dict[Kind, list[_Trial]] = {}
    for name, spread in comparison.spreads.items():
        right = [answer[name] for answer in answers]
        for kind, wrong in _errors(right, spread):
            if _error(spread, right, wrong) > 0:
                planted.setdefault(kind, []).append(_Trial(verdict, kind, name, right, wrong))
    return tuple(_told(kind, trials) for kind, trials in planted.items())


def original_answers(comparison: Comparison, samples: Samples) -> list[dict[str, Array]]:
    """Return what the original answers to the first samples, padding left out.

    Returns:
        Of each sample, by output, float64 (N, ...): N positions that count, evenly spread ones where all of
        them hold too many numbers.
    """
    padded, tensors = comparison.padded, comparison.padded.graph.outputs
    most = max(SAMPLES // len(tensors), LEAST_SAMPLES)
    numbers = NUMBERS // (most * len(tensors))

    def kept(tensor: Tensor, answer: NDArray[np.generic]) -> Array:
        rows = answer.reshape(-1, *(channel_dims(padded.counted_dims(tensor)) or answer.shape[-1:]))
        count = min(len(rows), max(1, numbers * len(rows) // max(rows.size, 1)))
        return np.asarray(rows[[i * len(rows) // count for i in range(count)]], np.float64)

    with torch_threads(THREADS):
        answers = [
            padded.without_padding(each.inputs, comparison.captured.reference(each.inputs))
            for each in samples[:most]
        ]
    return [{each.name: kept(each, answer[each.name]) for each in tensors} for answer in answers]


def _told(kind: Kind, trials: Sequence[_Trial]) -> PlantedError:
    by = {trial.output: trial.failing() for trial in trials}
    sizes = [trial.smallest() for trial in trials] if kind in SIZES else [None]
    known = [size for size in sizes if size is not None]
    remedies = [trial.remedy() for trial in trials if not by[trial.output] and trial.is_gross]
    return PlantedError(
        kind,
        by=tuple(sorted({limit for limits in by.values() for limit in limits})),
        unseen=tuple(output for output, limits in by.items() if not limits),
        smallest=max(known) if len(known) == len(sizes) else None,
        remedy=next((remedy for remedy in remedies if remedy is not None), None),
    )


class _Verdict:
    """The limits, asked about answers."""

    def __init__(self, comparison: Comparison, budget: Budget, answers: Answers) -> None:
        self.budget, self._answers, self.spreads = budget, answers, comparison.spreads
        self._runners = dict.fromkeys((PYTORCH, INT8), comparison.captured.reference)
        metrics = tuple(
            (metric, tensor)
            for metric, tensor in comparison.output_metrics
            if metric.name not in _UNASKED and metric.least <= len(answers)
        )
        padded = Padded(comparison.padded.graph, None)  # padding is left out of answers
        self._comparison = replace(
            comparison, padded=padded, metric=None, output_metrics=metrics, judges_metric=False
        )

    @property
    def is_asked(self) -> bool:
        """Whether any limit of the budget on accuracy can be asked."""
        return any(limit.on_accuracy for limit, _, _ in self.budget.figures(self._measures("", ())))

    def failing(self, output: str, wrong: Sequence[Array], budget: Budget | None = None) -> tuple[str, ...]:
        """Return the limits that fail wrong answers of one output."""
        figures = (budget or self.budget).figures(self._measures(output, wrong))
        return tuple(limit.name for limit, bound, it in figures if not limit.meets(it.value, bound))

    def _measures(self, output: str, wrong: Sequence[Array]) -> Measures:
        stream = (
            self._comparison.score(
                {PYTORCH: right, FLOAT: right, INT8: {**right, output: wrong[i]} if wrong else right},
                Sample({}, number=i),
                self._runners,
            )
            for i, right in enumerate(self._answers)
        )
        return Measures(scores=self._comparison.merged(stream))


@dataclass(frozen=True, slots=True)
class _Trial:
    """One kind of error in one output: the original's answers, and the planted ones."""

    verdict: _Verdict
    kind: Kind
    output: str
    right: Sequence[Array]
    wrong: Sequence[Array]

    def failing(self, size: float = 1.0) -> tuple[str, ...]:
        """Return the limits that fail so large a part of the error."""
        return self.verdict.failing(self.output, self._sized(size))

    @property
    def is_gross(self) -> bool:
        """Whether it is an error that no proof may let pass."""
        spread = self.verdict.spreads[self.output]
        return self.kind in GROSS and _error(spread, self.right, self.wrong) > GROSS_ERROR

    def remedy(self) -> str | None:
        """Return the limit of the default that fails it, as a budget has it."""
        for name, limit in DEFAULT.items():
            if self.verdict.failing(self.output, self.wrong, Budget({name: limit}, frozenset({name}))):
                return f"{name}={limit:g}"
        return None

    def smallest(self) -> float | None:
        """Return the smallest part of the error that fails, by bisection; None where it does at no size."""
        low, high = LEAST_SIZE, 1.0
        while not self.failing(high):
            if high >= SIZES[self.kind]:
                return None
            low, high = high, 4 * high
        for _ in range(HALVINGS):
            middle = float(np.sqrt(low * high))
            low, high = (low, middle) if self.failing(middle) else (middle, high)
        return high

    def _sized(self, size: float) -> list[Array]:
        with np.errstate(invalid="ignore"):  # of infinities, which stay
            return [
                _changed(a, (1 - size) * a + size * b) for a, b in zip(self.right, self.wrong, strict=True)
            ]


def _errors(right: Sequence[Array], spread: Spread) -> Iterator[tuple[Kind, list[Array]]]:
    """Yield wrong answers of one output, of each kind that it can have."""
    channels = len(spread.mean)
    moments = Moments.of(np.concatenate([each.ravel() for each in right]), channels)

    def made(change: Callable[[Array], Array]) -> list[Array]:
        return [_changed(each, change(each.reshape(-1, channels))) for each in right]

    yield "twice", made(lambda rows: 2 * rows)
    yield "tenth", made(lambda rows: rows / 10)
    yield "negative", made(lambda rows: 2 * moments.mean - rows)
    yield "constant", made(lambda rows: np.broadcast_to(moments.mean, rows.shape))
    others = [*right[1:], right[0]]
    yield "other sample", [_changed(a, np.resize(b, a.shape)) for a, b in zip(right, others, strict=True)]
    varying = np.flatnonzero(moments.deviation >= moments.channel_units(spread.kind))
    if len(varying) > 1:
        order = varying[np.argsort(moments.deviation[varying])]
        yield "least channel", made(lambda rows: np.where(np.arange(channels) == order[0], 0.0, rows))
        yield "largest channel", made(lambda rows: np.where(np.arange(channels) == order[-1], 0.0, rows))
    if any(each.size > channels for each in right):
        yield "position", made(lambda rows: np.concatenate([2 * moments.mean - rows[:1], rows[1:]]))
    if not spread.kind.is_relative:
        yield "shift", made(lambda rows: rows + SHIFT * spread.deviation)


def _changed(right: Array, wrong: Array) -> Array:
    """Return an answer that is wrong wherever the right one is a number: a mask stays one."""
    return np.where(np.isfinite(right), wrong.reshape(right.shape), right)


def _error(spread: Spread, right: Sequence[Array], wrong: Sequence[Array]) -> float:
    return float(np.mean([spread.error(a, b) for a, b in zip(right, wrong, strict=True)]))
