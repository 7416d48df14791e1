"""What a budget may ask of one output, by what it holds: logits, embeddings or attention."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edgeattn.judge.figures import Mean
from edgeattn.judge.output_metrics.attention import ATTENTION_DISTANCE
from edgeattn.judge.output_metrics.embeddings import RANK, RECALL_AT_10
from edgeattn.judge.output_metrics.generation import TOKEN_AGREEMENT
from edgeattn.judge.output_metrics.logits import KL, PERPLEXITY_RATIO, TOP1, TOPK
from edgeattn.judge.output_metrics.output_metric import OutputMetric, output_of
from edgeattn.results.check import EVALUATION_SHARE
from edgeattn_export.graph.output_kinds import Kind, OutputKind
from edgeattn_runtime.errors import BudgetError
from edgeattn_runtime.graph import Graph, Tensor

METRICS: Mapping[str, OutputMetric[Any]] = {
    metric.name: metric
    for metric in (
        *(TOP1, TOPK, KL, PERPLEXITY_RATIO, TOKEN_AGREEMENT),
        *(RECALL_AT_10, RANK),
        ATTENTION_DISTANCE,
    )
}

OutputMetrics = tuple[tuple[OutputMetric[Any], Tensor], ...]
Kept = Mapping[tuple[str, str], Any]  # by metric and output, what is kept of a sample

# By what an output holds, the metrics that judge it where a budget is silent on accuracy.
SUITING: Mapping[Kind, tuple[OutputMetric[Any], ...]] = {
    "logits": (KL, TOP1),
    "log-probabilities": (KL, TOP1),
    "probabilities": (KL, TOP1),
    "one logit": (KL, TOP1),
    "embedding": (RECALL_AT_10,),
    "numbers": (),
}
DECIDING_SAMPLES = 100  # evaluation samples, below which shares of decisions show little


def output_metrics_of(limits: Iterable[str], graph: Graph) -> OutputMetrics:
    """Return the metrics that a budget limits, each with the output that it is of.

    Raises:
        BudgetError: No output can be what a metric is of, or several may be.
    """
    metrics = [METRICS[name] for name in limits if name in METRICS]
    return tuple((metric, output_of(graph, metric.name, metric.output)) for metric in metrics)


def default_metrics(kinds: Mapping[str, OutputKind], graph: Graph, evaluation: int) -> OutputMetrics:
    """Return the metrics that suit what outputs hold, where samples suffice.

    Args:
        kinds: By output.
        graph: The model's contract.
        evaluation: How many evaluation samples there are.
    """
    return tuple(
        (metric, tensor)
        for tensor in graph.outputs
        for metric in SUITING[kinds[tensor.name].kind]
        if evaluation >= (metric.least if metric is KL else DECIDING_SAMPLES)
    )


def metric_means(output_metrics: OutputMetrics, kept: Sequence[Kept]) -> dict[str, Mean]:
    """Return the mean of each metric over samples; of several outputs, the one that comes off worst."""
    means: dict[str, Mean] = {}
    for metric, tensor in output_metrics:
        mean = metric.mean([each[metric.name, tensor.name] for each in kept])
        known = means.get(metric.name)
        if known is None or (mean.value < known.value) == mean.at_least:
            means[metric.name] = mean
    return means


def check_count(output_metrics: OutputMetrics, evaluation: int) -> None:
    """Refuse a metric that means nothing among so few evaluation samples.

    Raises:
        BudgetError: One of them needs more of them.
    """
    for metric, _ in output_metrics:
        if evaluation < metric.least:
            raise BudgetError(
                f"budget {metric.name}: {evaluation} evaluation samples found, at least {metric.least} "
                f"expected; yield {math.ceil(metric.least / EVALUATION_SHARE)} samples or more"
            )
