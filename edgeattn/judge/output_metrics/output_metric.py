"""A metric of one output: which output that is, what is kept of each sample, and what that comes to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.figures import Mean
from edgeattn.judge.padding import Padded
from edgeattn.judge.statistics import unseen_score
from edgeattn.results.latency import INT8, PYTORCH
from edgeattn_export.graph.output_kinds import OutputKind, Outputs, kind_of
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample
from edgeattn_runtime.errors import BudgetError, ModelError
from edgeattn_runtime.graph import Graph, Tensor

Content = Literal["logits", "embedding", "attention"]
LEAST_LOG = -100.0  # nats: a class that int8 rules out is no infinite loss
DIMS: dict[Content, str] = {
    "logits": "(batch, ..., classes)",
    "embedding": "(batch, size)",
    "attention": "(batch, [heads,] positions, positions)",
}
Kept = TypeVar("Kept")
Share = tuple[float, int]  # of a sample's decisions that agree, and how many decisions there are


def output_of(graph: Graph, limit: str, holds: Content) -> Tensor:
    """Return the output that holds logits, embeddings, or attention.

    Raises:
        BudgetError: None can, or several may and none bears the name.
    """
    able = [tensor for tensor in graph.outputs if _can_hold(tensor, holds)]
    named = [tensor for tensor in able if tensor.name.rpartition(".")[-1] in (holds, f"{holds}s")]
    if len(named or able) == 1:
        return (named or able)[0]
    if not able:
        outputs = ", ".join(map(str, graph.outputs))
        raise BudgetError(
            f"budget {limit}: {outputs} found, floats {DIMS[holds]} expected; ask for another limit"
        )
    names = ", ".join(tensor.name for tensor in able)
    raise BudgetError(
        f"budget {limit}: each of the outputs {names} may be what it is of, one named {holds!r} expected; "
        "rename that one"
    )


def _can_hold(tensor: Tensor, holds: Content) -> bool:
    dims = tensor.dims
    if holds == "logits" and kind_of(tensor, ()).kind == "one logit":
        return True
    if holds == "attention":
        return len(dims) in (3, 4) and tensor.dtype.startswith("float") and dims[-1] == dims[-2]
    ranked = len(dims) == 2 if holds == "embedding" else len(dims) >= 2
    return ranked and tensor.dtype.startswith("float") and isinstance(dims[-1], int) and dims[-1] > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputAnswers:
    """One sample, and what was answered in one output.

    Attributes:
        expected: The original's answer, float64 (N, D): a row for each position that counts; of one logit,
            (N, 2): 0 and the logit, of which a softmax makes its sigmoid.
        actual: Int8's, of the same shape.
        positions: The output's sizes but the last, such as batch and sequence.
        counted: Leaves padding out of an array of these sizes, and returns the rest flat, (N,).
    """

    sample: Sample
    tensor: Tensor
    expected: NDArray[np.float64]
    actual: NDArray[np.float64]
    positions: tuple[int, ...]
    counted: Callable[[NDArray[np.generic]], NDArray[np.generic]]
    original: Runner
    int8: Runner

    @classmethod
    def of(
        cls,
        tensor: Tensor,
        kind: OutputKind,
        sample: Sample,
        answers: Mapping[str, Outputs],
        runners: Mapping[str, Runner],
        padded: Padded,
    ) -> OutputAnswers:
        """Return what one output of a sample is, without padding, as a row for each position.

        Raises:
            ModelError: The original answers NaN.
        """
        rows_of = replace(tensor, dims=tensor.dims[:-1])  # an attention map has positions last, too

        def counted(array: NDArray[np.generic]) -> NDArray[np.generic]:
            return padded.counted(sample.inputs, rows_of, array)

        both = [answers[name][tensor.name] for name in (PYTORCH, INT8)]
        if np.isnan(both[0]).any():
            raise ModelError(
                f"sample {sample.number}: the original answers NaN in the output {tensor.name!r}, numbers "
                "expected, as a limit is on it; leave such samples out"
            )
        expected, actual = (_rows(tensor, kind, counted(each), each.shape[-1]) for each in both)
        return cls(
            sample=sample,
            tensor=tensor,
            expected=expected,
            actual=actual,
            positions=both[0].shape[:-1],
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputMetric(Generic[Kept]):
    """One metric.

    Attributes:
        keep: Returns what is kept of a sample.
        mean: Makes a mean of all that was kept.
        least: Evaluation samples, below which it means nothing.
    """

    name: str
    output: Content
    keep: Callable[[OutputAnswers], Kept]
    mean: Callable[[Sequence[Kept]], Mean]
    least: int = 1


def mean_share(kept: Sequence[Share]) -> Mean:
    """Return the mean of shares: an unseen input has one decision wrong at least, and all of them at most."""
    shares = [share for share, _ in kept]
    one_wrong = 1 - 1 / min(count for _, count in kept)
    unseen = max(min(unseen_score(shares, at_least=True), one_wrong), 0.0)
    return Mean(shares, unseen, at_least=True, lossless=Mean([1.0], one_wrong, at_least=True))


def mean_loss(kept: Sequence[float]) -> Mean:
    """Return the mean of what is the better the smaller it is."""
    return Mean(kept, unseen_score(kept, at_least=False), at_least=False)
