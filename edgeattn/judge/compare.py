"""The int8 model compared with its original on real samples: one score a sample, and what all come to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.kept_answers import KeptAnswers
from edgeattn.judge.measures import SampleScore, Scores
from edgeattn.judge.metric import MetricOfArrays
from edgeattn.judge.noise import snr_db
from edgeattn.judge.output_metrics import OutputMetrics, metric_means
from edgeattn.judge.output_metrics.logits import LEAST_LOG
from edgeattn.judge.output_metrics.output_metric import OutputAnswers
from edgeattn.judge.padding import Padded
from edgeattn.judge.r2 import output_r2, r2_part
from edgeattn.progress import Progress
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.output_kinds import OutputKind, kind_of
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample
from edgeattn_export.graph.spread import Spread
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.errors import CaptureError, ModelError
from edgeattn_runtime.graph import Graph, Tensor


def scores_of(
    stream: Iterable[SampleScore],
    spreads: Mapping[str, Spread],
    padded: Padded,
    output_metrics: OutputMetrics,
    *,
    has_metric: bool,
) -> Scores:
    """Return what samples come to: the same numbers, whoever scored which of them.

    Args:
        stream: Of every sample, in their order.
        spreads: By output.
        padded: The contract.
        output_metrics: Those of single outputs.
        has_metric: Whether the model has a metric of its own.
    """
    scores = tuple(stream)
    has_cosine = not answers_one_number(padded.graph)
    return Scores(
        outputs=[
            output_r2(
                tensor.name, tensor.dims, spreads[tensor.name], [s.r2_parts[tensor.name] for s in scores]
            )
            for tensor in padded.graph.outputs
        ],
        cosine=tuple(score.cosine for score in scores if has_cosine),
        cosine_float=tuple(score.cosine_float for score in scores if has_cosine),
        max_abs=tuple(score.max_abs for score in scores),
        snr_db=tuple(score.snr_db for score in scores),
        metric_pytorch=tuple(score.metric_pytorch for score in scores if has_metric),
        metric_int8=tuple(score.metric_int8 for score in scores if has_metric),
        output_metrics=metric_means(output_metrics, [score.kept for score in scores]),
    )


def answers_one_number(graph: Graph) -> bool:
    """Say whether all that is answered to an input is one number, whose cosine is 1 or -1."""
    return len(graph.outputs) == 1 and all(dim == 1 for dim in graph.outputs[0].dims[1:])


def with_progress(
    stream: Iterable[SampleScore], total: int | None, progress: Progress
) -> Iterator[SampleScore]:
    """Yield scores, and let progress know of each.

    Args:
        stream: Of every sample.
        total: How many there will be; None where nobody knows.
        progress: Told after each.
    """
    for done, score in enumerate(stream, 1):
        progress.step(done, total or done, "" if total else f"{done} samples")
        yield score


def compare(
    runners: Mapping[str, Runner],
    samples: Iterable[Sample],
    padded: Padded,
    spreads: Mapping[str, Spread],
    metric: MetricOfArrays | None,
    output_metrics: OutputMetrics = (),
    kept: KeptAnswers | None = None,
) -> Iterator[SampleScore]:
    """Run the original, float and int8 on samples that may be a stream, and yield how near the answers are.

    Args:
        runners: By the names of ``edgeattn.measure.runners``.
        samples: Real samples; their targets go to ``metric``.
        padded: Tells the positions of outputs that are padding.
        spreads: By output, the units of its errors.
        metric: None where the model has none.
        output_metrics: Those of single outputs.
        kept: Keeps what the original answers; None keeps nothing.

    Raises:
        ModelError: The original alone answers a sample with NaN, or the metric fails.
        CaptureError: A graph answers a sample with other dims than the original.
    """
    for sample in samples:
        answers = _answers(runners, sample)
        if kept is not None:
            kept.add(sample.inputs, answers[PYTORCH])
        yield score_of(answers, sample, runners, padded, spreads, metric, output_metrics)


def score_of(
    answers: Mapping[str, Outputs],
    sample: Sample,
    runners: Mapping[str, Runner],
    padded: Padded,
    spreads: Mapping[str, Spread],
    metric: MetricOfArrays | None,
    output_metrics: OutputMetrics,
) -> SampleScore:
    """Return how near answers to one sample are.

    Args:
        answers: By runner, those of the original, float and int8.
        sample: What they are to.
        runners: By the same names, for a metric that asks on.
        padded: As of ``compare``.
        spreads: As there.
        metric: As there.
        output_metrics: As there.

    Raises:
        ModelError: The original alone answers with NaN, or the metric fails.
    """
    counted = {name: padded.without_padding(sample.inputs, answer) for name, answer in answers.items()}
    flat = {name: _flat(answer) for name, answer in counted.items()}
    _check_defined(sample.number, flat)
    return SampleScore(
        r2_parts={
            name: r2_part(spread, *(counted[runner][name] for runner in (PYTORCH, INT8, FLOAT)))
            for name, spread in spreads.items()
        },
        cosine=cosine(flat[PYTORCH], flat[INT8]),
        cosine_float=cosine(flat[PYTORCH], flat[FLOAT]),
        max_abs=_max_abs(flat[PYTORCH], flat[INT8]),
        snr_db=snr_db(flat[PYTORCH], flat[INT8]),
        metric_pytorch=metric(answers[PYTORCH], sample) if metric else math.nan,
        metric_int8=metric(answers[INT8], sample) if metric else math.nan,
        kept={
            (each.name, tensor.name): each.keep(
                _output_answers(runners, answers, sample, padded, tensor, spreads[tensor.name].kind)
            )
            for each, tensor in output_metrics
        },
    )


def _answers(runners: Mapping[str, Runner], sample: Sample) -> dict[str, Outputs]:
    answers = {name: runner(sample.inputs) for name, runner in runners.items()}
    for name in (FLOAT, INT8):
        _check_dims(sample.number, name, answers[PYTORCH], answers[name])
    return answers


def _output_answers(
    runners: Mapping[str, Runner],
    answers: Mapping[str, Outputs],
    sample: Sample,
    padded: Padded,
    tensor: Tensor,
    kind: OutputKind,
) -> OutputAnswers:
    """Return what one output of a sample is, without padding, as a row for each position."""
    rows_of = replace(tensor, dims=tensor.dims[:-1])  # an attention map has positions last, too

    def counted(array: NDArray[np.generic]) -> NDArray[np.generic]:
        return padded.counted(sample.inputs, rows_of, array)

    expected, answer = (answers[name][tensor.name] for name in (PYTORCH, INT8))
    if np.isnan(expected).any():
        raise ModelError(
            f"sample {sample.number}: the original answers NaN in the output {tensor.name!r}, numbers "
            "expected, as a limit is on it; leave such samples out"
        )
    rows = [_rows(tensor, kind, counted(each), each.shape[-1]) for each in (expected, answer)]  # (N, D) each
    return OutputAnswers(
        sample=sample,
        tensor=tensor,
        expected=rows[0],
        actual=rows[1],
        positions=expected.shape[:-1],
        counted=lambda array: counted(array).ravel(),
        original=runners[PYTORCH],
        int8=runners[INT8],
    )


def _rows(tensor: Tensor, kind: OutputKind, answer: NDArray[np.generic], size: int) -> NDArray[np.float64]:
    """Return an output's rows, (N, D): of probabilities, their logarithms; of one logit, 0 and the logit."""
    numbers = answer.astype(np.float64)
    if kind.kind == "probabilities":
        numbers = np.log(np.maximum(numbers, math.exp(LEAST_LOG)))
    if kind_of(tensor, ()).kind != "one logit":
        return numbers.reshape(-1, size)
    logits = numbers.reshape(-1, 1)
    return np.concatenate([np.zeros_like(logits), logits], axis=1)


def _check_dims(number: int, runner: str, expected: Outputs, answer: Outputs) -> None:
    for name, value in expected.items():
        if value.shape != answer[name].shape:
            raise CaptureError(
                f"sample {number}: the {runner} graph's output {name!r} has dims {answer[name].shape}, the "
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
