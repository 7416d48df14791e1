"""What was measured of a model: how right it is on each of some samples, and how fast and how small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeattn.judge.figures import Mean
from edgeattn.judge.r2 import OutputR2, R2Part
from edgeattn.results.accuracy import Accuracy
from edgeattn.results.graph import Placement
from edgeattn.results.latency import Race


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """A number a sample of each kind.

    Attributes:
        outputs: R² of each output.
        cosine: Between all outputs of int8 and of the original, flattened, padding left out; empty where an
            answer is one number.
        cosine_float: The same of the float export.
        max_abs: The largest absolute difference of any number.
        snr_db: Signal-to-noise ratio in dB: the original's outputs over what int8 differs by.
        metric_pytorch: The user's metric of the original; empty where there is none.
        metric_int8: The same of int8.
        judges_metric: Whether its drop is limited where a budget is silent on accuracy.
        output_metrics: By limit, what else the budget limits, see ``edgeattn.judge.output_metrics``.
    """

    outputs: Sequence[OutputR2]
    cosine: Sequence[float]
    cosine_float: Sequence[float]
    max_abs: Sequence[float]
    snr_db: Sequence[float]
    metric_pytorch: Sequence[float] = ()
    metric_int8: Sequence[float] = ()
    judges_metric: bool = False
    output_metrics: Mapping[str, Mean] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many samples there were."""
        return len(self.max_abs)

    @property
    def errors(self) -> tuple[float, ...]:
        """What each sample lacks of an R² of 1, in the output that lacks most."""
        return tuple(map(max, zip(*(output.errors for output in self.outputs), strict=True)))

    @property
    def r2(self) -> float:
        """Of the worst output."""
        return min(output.accuracy.r2 for output in self.outputs)

    @property
    def accuracy(self) -> Accuracy:
        """Return what they come to."""
        return Accuracy(
            outputs=tuple(output.accuracy for output in self.outputs),
            cosine_mean=float(np.mean(self.cosine)) if self.cosine else None,
            cosine_min=min(self.cosine, default=None),
            cosine_float_min=min(self.cosine_float, default=None),
            max_abs=max(self.max_abs),
            snr_db=float(np.mean(self.snr_db)),
            metric_pytorch=float(np.mean(self.metric_pytorch)) if self.metric_pytorch else None,
            metric_int8=float(np.mean(self.metric_int8)) if self.metric_int8 else None,
        )


@dataclass(frozen=True, slots=True)
class SampleScore:
    """One sample's part of ``Scores``: numbers, not answers, so that many samples take little memory.

    Attributes:
        metric_pytorch: NaN where there is no metric.
        kept: By a metric of single outputs and an output, what it keeps of the sample.
    """

    r2_parts: Mapping[str, R2Part]
    cosine: float
    cosine_float: float
    max_abs: float
    snr_db: float
    metric_pytorch: float
    metric_int8: float
    kept: Mapping[tuple[str, str], Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Numbers of one model; None, or empty, where nobody measured.

    Attributes:
        size_mb: By runner, 1 MB = 10^6 bytes.
        cache_mb: See ``edgeattn.judge.cache_size``.
        memory_mb: See ``edgeattn.measure.memory``.
        operator_times: By operator, its share of the main int8 graph's time.
        placement: Where the main int8 graph's work runs; None where there is but one place.
        golden: The largest error that a golden output may have on a device, in units of its spread.
    """

    scores: Scores
    latency_ms: Race | None = None
    size_mb: Mapping[str, float] = field(default_factory=dict)
    cache_mb: float | None = None
    memory_mb: float | None = None
    operator_times: Mapping[str, float] = field(default_factory=dict)
    module_times: Mapping[str, float] = field(default_factory=dict)
    placement: Placement | None = None
    golden: float | None = None
