"""What a budget may ask of one output, by what it holds: logits, or embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeattn.judge.budget import Budget
from edgeattn.judge.output_metrics.embeddings import RANK, RECALL_AT_10
from edgeattn.judge.output_metrics.generation import TOKEN_AGREEMENT
from edgeattn.judge.output_metrics.logits import KL, TOP1, TOPK
from edgeattn.judge.output_metrics.output_metric import OutputMetric, output_of
from edgeattn.judge.output_metrics.perplexity import PERPLEXITY_RATIO
from edgeattn_runtime.graph import Graph, Tensor

METRICS: Mapping[str, OutputMetric[Any]] = {
    metric.name: metric for metric in (TOP1, TOPK, KL, PERPLEXITY_RATIO, TOKEN_AGREEMENT, RECALL_AT_10, RANK)
}

Asked = tuple[tuple[OutputMetric[Any], Tensor], ...]


def asked_of(budget: Budget, graph: Graph) -> Asked:
    """Return the metrics that a budget limits, each with the output that it is of.

    Args:
        budget: The limits.
        graph: The model's contract.

    Raises:
        BudgetError: No output can be what a metric is of, or several may be.
    """
    metrics = [METRICS[name] for name in budget.limits if name in METRICS]
    return tuple((metric, output_of(graph, metric.name, metric.output)) for metric in metrics)
