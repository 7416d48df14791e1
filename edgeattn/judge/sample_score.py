"""How right int8 is on one sample, and what many such numbers come to, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeattn.judge.output_metrics import Asked
from edgeattn.judge.scores import Scores
from edgeattn.progress import Progress


@dataclass(frozen=True, slots=True)
class SampleScore:
    """One sample's part of ``Scores``: numbers, not answers, so that many samples take little memory.

    Attributes:
        cosine: As in ``Scores``; the next three too.
        metric_pytorch: NaN where there is no metric.
        metric_int8: The same.
        kept: By the name of a metric of single outputs, what it keeps of the sample.
    """

    cosine: float
    cosine_float: float
    max_abs: float
    snr_db: float
    metric_pytorch: float
    metric_int8: float
    kept: Mapping[str, Any] = field(default_factory=dict)


def scores_of(stream: Iterable[SampleScore], asked: Asked, *, has_metric: bool) -> Scores:
    """Return what samples come to: the same numbers, whoever scored which of them.

    Args:
        stream: Of every sample, in their order.
        asked: Metrics of single outputs.
        has_metric: Whether the model has a metric of its own.
    """
    scores = tuple(stream)
    return Scores(
        cosine=tuple(score.cosine for score in scores),
        cosine_float=tuple(score.cosine_float for score in scores),
        max_abs=tuple(score.max_abs for score in scores),
        snr_db=tuple(score.snr_db for score in scores),
        metric_pytorch=tuple(score.metric_pytorch for score in scores if has_metric),
        metric_int8=tuple(score.metric_int8 for score in scores if has_metric),
        asked={
            metric.name: metric.mean([score.kept[metric.name] for score in scores]) for metric, _ in asked
        },
    )


def counted(stream: Iterable[SampleScore], total: int | None, progress: Progress) -> Iterator[SampleScore]:
    """Yield scores, and tell of each that it is there.

    Args:
        stream: Of every sample.
        total: How many there will be; None where nobody knows.
        progress: Told after each.
    """
    for done, score in enumerate(stream, 1):
        progress.step(done, total or done, "" if total else f"{done} samples")
        yield score
