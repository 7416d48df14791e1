"""Which limits the evaluation samples are too few to show, whatever int8 answers: known before the search."""

from __future__ import annotations

import math
from collections.abc import Mapping

from edgeattn.judge.budget import SUITING, Budget
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.output_metrics import DECIDING_SAMPLES
from edgeattn.judge.output_metrics.embeddings import NEIGHBORS
from edgeattn.judge.output_metrics.generation import CONTINUED_TOKENS
from edgeattn.judge.output_metrics.logits import TOP_K
from edgeattn.judge.statistics import LEAST_SAMPLES, SHOWN_SHARE, count_for, share_shown
from edgeattn.results.check import EVALUATION_SHARE
from edgeattn.results.limits import LIMITS
from edgeattn_export.graph.samples import Samples, stratified

WORST_CASES = ("cosine_min", "max_abs")
NO_MEANS = (*WORST_CASES, "r2_channel_min")
SHARES = ("top1", "topk", "token_agreement", "recall_at_10")


def count_shortages(budget: Budget, count: int) -> tuple[str, ...]:
    """Return a line for each limit on accuracy that so many samples leave undecided, whatever the model is.

    Args:
        budget: The limits.
        count: Evaluation samples, of one decision each where a limit is a share of decisions.
    """
    limits = {name: limit for name, limit in budget.limits.items() if LIMITS[name].on_accuracy}
    lines = (
        *(share_words(name, limit, count, 1) for name, limit in limits.items() if name in SHARES),
        *(worst_words(name, limit, count) for name, limit in limits.items() if name in WORST_CASES),
        mean_words({name: limit for name, limit in limits.items() if name not in NO_MEANS}, count),
    )
    return tuple(filter(None, lines))


def answer_shortages(comparison: Comparison, budget: Budget, evaluation: Samples) -> tuple[str, ...]:
    """Return what the model's answers add: a sample of several decisions shows other shares."""
    suiting = {each.name: SUITING.get(each.name, 0.0) for each, _ in comparison.output_metrics}
    suiting = {name: limit for name, limit in suiting.items() if name not in budget.limits}
    asked, suited = ({k: v for k, v in limits.items() if k in SHARES} for limits in (budget.limits, suiting))
    count = len(evaluation)
    decisions = dict.fromkeys((*asked, *suited), 1)
    if any(share_words(name, limit, count, 1) for name, limit in {**asked, **suited}.items()):
        decisions = _decisions(comparison, evaluation)
    lines = (
        *(_decision_words(name, limit, count, decisions[name]) for name, limit in asked.items()),
        *(share_words(name, limit, count, decisions[name]) for name, limit in suited.items()),
        mean_words(suiting, count),
        _metric_words(comparison, budget, count),
    )
    return tuple(filter(None, lines))


def _decision_words(name: str, limit: float, count: int, decisions: int) -> str:
    """Say what several decisions a sample change of the words for one; nothing where they change nothing."""
    if decisions == 1 or not share_words(name, limit, count, 1):
        return ""
    enough = f"{name}={limit:g}: your samples hold {decisions} decisions each and more, which is enough."
    return share_words(name, limit, count, decisions) or enough


def share_words(name: str, limit: float, count: int, decisions: int) -> str:
    """Say what a share of decisions can be shown to be at most; nothing where that is enough.

    An input that nobody saw has one decision wrong at least.

    Args:
        name: The limit's.
        limit: The budget's number.
        count: Evaluation samples.
        decisions: Of each of them.
    """
    best = 1 - (1 - share_shown(count)) / decisions
    if best >= limit:
        return ""
    of_unseen = 1 - (1 - limit) * decisions
    enough = "no number of samples does; ask for less"
    if of_unseen < 1:
        enough = _enough(max(count_for(of_unseen), LEAST_SAMPLES))
    shown = LIMITS[name].number_text(best, limit)
    return f"{name}={limit:g}: {_samples(count)} can show at most {shown}; {enough}."


def worst_words(name: str, limit: float, count: int) -> str:
    """Say for which share of inputs the worst sample can speak; nothing where that is enough."""
    if count >= count_for():
        return ""
    share = math.floor(1000 * share_shown(count)) / 10
    words = f"can show it for {share:g} % of inputs, and {100 * SHOWN_SHARE:g} % are asked"
    return f"{name}={limit:g}: {_samples(count)} {words}; {_enough(count_for())}."


def mean_words(limits: Mapping[str, float], count: int) -> str:
    """Say that so few samples decide no mean; nothing where they are enough."""
    if count >= LEAST_SAMPLES or not limits:
        return ""
    named = ", ".join(f"{name}={limit:g}" for name, limit in limits.items())
    return f"{named}: {_samples(count)} decide{'s' * (count == 1)} no mean; {_enough(LEAST_SAMPLES)}."


def _metric_words(comparison: Comparison, budget: Budget, count: int) -> str:
    """Say that the model's own metric is not limited by default; nothing where it is, or need not be."""
    is_silent = comparison.metric is not None and not budget.is_explicit_on_accuracy
    if comparison.judges_metric or not is_silent:
        return ""
    return (
        f"metric_drop: no limit by default with {_samples(count)}; of a metric from 0 to 1, "
        f"{_enough(DECIDING_SAMPLES)}."
    )


def _samples(count: int) -> str:
    return f"your {count} evaluation sample{'s' * (count != 1)}"


def _enough(count: int) -> str:
    return f"{count} would do; yield {math.ceil(count / EVALUATION_SHARE)}"


def _decisions(comparison: Comparison, evaluation: Samples) -> dict[str, int]:
    """Return how many decisions each share is of, in the smallest sample."""
    (inputs, *_) = stratified((sample.inputs for sample in evaluation), len(evaluation))
    answer = comparison.captured.reference(inputs)
    metrics = comparison.output_metrics
    return {metric.name: _count(metric.name, answer[tensor.name].shape) for metric, tensor in metrics}


def _count(name: str, shape: tuple[int, ...]) -> int:
    positions = math.prod(shape[:-1]) or 1
    if name == "topk":
        return positions * min(TOP_K, shape[-1] - 1)
    if name == "token_agreement":
        length = shape[1]
        return shape[0] * min(CONTINUED_TOKENS, max(length - (length + 1) // 2, 1))
    return NEIGHBORS if name == "recall_at_10" else positions
