"""The int8 model compared with its original on real samples, answer by answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.metric import MetricOfArrays
from edgeattn.judge.output_metrics import Asked
from edgeattn.judge.output_metrics.output_metric import Answered
from edgeattn.judge.padding import Padded
from edgeattn.judge.scores import Scores
from edgeattn.judge.signal import snr_db
from edgeattn.measure.latencies import FLOAT, INT8, PYTORCH
from edgeattn.progress import Progress
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.errors import CaptureError, ModelError
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.similarity import cosine


@dataclass(frozen=True, slots=True)
class _Score:
    """One sample's part of ``Scores``."""

    cosine: float
    cosine_float: float
    max_abs: float
    snr_db: float
    metric_pytorch: float  # NaN where there is no metric
    metric_int8: float


def compare(
    runners: Mapping[str, Runner],
    samples: Samples,
    padded: Padded,
    *,
    metric: MetricOfArrays | None,
    progress: Progress,
    asked: Asked = (),
) -> Scores:
    """Run the original, float and int8 on every sample, one after the other, and compare their answers.

    Args:
        runners: By the names of ``edgeattn.measure.runners``.
        samples: Real samples, at least one; their targets go to ``metric``.
        padded: Tells the positions of outputs that are padding.
        metric: None where the model has none.
        progress: Told after each sample.
        asked: Metrics of single outputs.

    Raises:
        ModelError: The original alone answers a sample with NaN, or the metric fails.
        CaptureError: A graph answers a sample with other dims than the original.
    """
    scores = []
    kept: dict[str, list[Any]] = {metric.name: [] for metric, _ in asked}
    for done, sample in enumerate(samples, 1):
        answers = _answers(runners, sample)
        scores.append(_score(answers, sample, padded, metric))
        for of_output, tensor in asked:
            answered = _answered(runners, answers, sample, padded, tensor)
            kept[of_output.name].append(of_output.keep(answered))
        progress.step(done, len(samples))
    return Scores(
        cosine=tuple(score.cosine for score in scores),
        cosine_float=tuple(score.cosine_float for score in scores),
        max_abs=tuple(score.max_abs for score in scores),
        snr_db=tuple(score.snr_db for score in scores),
        metric_pytorch=tuple(score.metric_pytorch for score in scores if metric),
        metric_int8=tuple(score.metric_int8 for score in scores if metric),
        asked={metric.name: metric.mean(kept[metric.name]) for metric, _ in asked},
    )


def _answers(runners: Mapping[str, Runner], sample: Sample) -> dict[str, Outputs]:
    answers = {name: runner(sample.inputs) for name, runner in runners.items()}
    for name in (FLOAT, INT8):
        _check_dims(sample.number, name, answers[PYTORCH], answers[name])
    return answers


def _answered(
    runners: Mapping[str, Runner],
    answers: Mapping[str, Outputs],
    sample: Sample,
    padded: Padded,
    tensor: Tensor,
) -> Answered:
    """Return what one output of a sample is, without padding, as a row for each position."""

    def counted(array: NDArray[np.generic]) -> NDArray[np.generic]:
        return padded.counted(sample.inputs, tensor, array)

    expected, found = (answers[name][tensor.name] for name in (PYTORCH, INT8))
    if np.isnan(expected).any():
        raise ModelError(
            f"sample {sample.number}: the original answers NaN in the output {tensor.name!r}, numbers "
            "expected, as a limit is on it; leave such samples out"
        )
    rows = [counted(each).astype(np.float64).reshape(-1, each.shape[-1]) for each in (expected, found)]
    return Answered(
        sample=sample,
        tensor=tensor,
        expected=rows[0],
        found=rows[1],
        positions=expected.shape[:-1],
        counted=lambda array: counted(array).ravel(),
        original=runners[PYTORCH],
        int8=runners[INT8],
    )


def _score(
    answers: Mapping[str, Outputs], sample: Sample, padded: Padded, metric: MetricOfArrays | None
) -> _Score:
    flat = {name: _flat(padded.left_out(sample.inputs, answer)) for name, answer in answers.items()}
    _check_defined(sample.number, flat)
    return _Score(
        cosine=cosine(flat[PYTORCH], flat[INT8]),
        cosine_float=cosine(flat[PYTORCH], flat[FLOAT]),
        max_abs=_max_abs(flat[PYTORCH], flat[INT8]),
        snr_db=snr_db(flat[PYTORCH], flat[INT8]),
        metric_pytorch=metric(answers[PYTORCH], sample) if metric else math.nan,
        metric_int8=metric(answers[INT8], sample) if metric else math.nan,
    )


def _check_dims(number: int, runner: str, expected: Outputs, found: Outputs) -> None:
    for name, value in expected.items():
        if value.shape != found[name].shape:
            raise CaptureError(
                f"sample {number}: the {runner} graph's output {name!r} has dims {found[name].shape}, the "
                f"original's {value.shape}; a size is computed otherwise in it: export samples of such sizes"
            )


def _check_defined(number: int, flat: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse a sample on which the original alone has NaN: nothing can be said of an answer to it."""
    undefined = np.isnan(flat[PYTORCH]) & ~np.isnan(flat[FLOAT])
    if undefined.any():
        raise ModelError(
            f"sample {number}: the original answers NaN in {undefined.sum()} places where the graph has "
            "numbers, as for a query whose keys are all masked out with minus infinity; fill with "
            "-1e9, or leave such samples out"
        )


def _flat(outputs: Outputs) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(value, np.float64).ravel() for value in outputs.values()])


def _max_abs(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    finite = np.isfinite(a) & np.isfinite(b)  # an infinity that only one of them holds makes the cosine 0
    return float(np.abs(a[finite] - b[finite]).max(initial=0.0))
