"""Which input marks padding: seen by what it does to the answers of small functions of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_export.graph.padding import SHORTEST_SEQUENCE, find_padding, is_flag
from edgeattn_runtime.bundle.rows import Padding
from edgeattn_runtime.graph import Graph, Tensor

Array = NDArray[Any]
Model = Callable[[Array, Array, Array], Array]

BOTH = ("batch", "sequence")
GRAPH = Graph(
    (Tensor("ids", "int64", BOTH), Tensor("first", "int64", BOTH), Tensor("second", "int64", BOTH)),
    (Tensor("y", "float32", BOTH),),
)


def _sample(length: int, *, first: int, second: int) -> dict[str, Array]:
    ids = np.arange(3, 3 + length)[None]
    return {"ids": ids, "first": np.full_like(ids, first), "second": np.full_like(ids, second)}


def _found(model: Model, *samples: dict[str, Array]) -> Padding | None:
    def answer(inputs: Any) -> dict[str, Array]:
        return {"y": model(inputs["ids"], inputs["first"], inputs["second"]).astype(np.float32)}

    return find_padding(answer, GRAPH, samples or [_sample(n, first=1, second=0) for n in (5, 7, 4)])


def _mean(ids: Array, shown: Array) -> Array:
    """Every position answers with the mean of what is shown."""
    weights = np.where(shown, 1.0, 0.0)
    return np.broadcast_to((ids * weights).sum(1, keepdims=True) / weights.sum(1, keepdims=True), ids.shape)


def test_the_input_whose_zeros_keep_positions_out() -> None:
    assert _found(lambda ids, first, second: _mean(ids, first == 1) + second) == Padding("first", 0)


def test_the_input_whose_ones_keep_positions_out() -> None:
    assert _found(lambda ids, first, second: _mean(ids, second == 0) * first) == Padding("second", 1)


@pytest.mark.parametrize(
    "model",
    [
        lambda ids, first, second: _mean(ids, np.ones_like(ids)) + first + second,  # flags that mask nothing
        lambda ids, first, second: ids * first,  # positions that see none but themselves
    ],
    ids=["flags that mask nothing", "positions apart"],
)
def test_other_flags_tell_no_padding(model: Model) -> None:
    assert _found(model) is None


def test_what_holds_other_numbers_is_no_flag() -> None:
    sample = _sample(5, first=1, second=0)
    assert is_flag(GRAPH.inputs[1], [sample])
    assert not is_flag(GRAPH.inputs[0], [sample])
    assert not is_flag(Tensor("first", "int64", ("batch", 5)), [sample])  # of one length: no position to pad


def test_samples_that_are_too_short_say_nothing() -> None:
    short = _sample(SHORTEST_SEQUENCE - 1, first=1, second=0)
    assert _found(lambda ids, first, second: _mean(ids, first == 1), short) is None


@pytest.mark.parametrize("dims", [(*BOTH, "sequence"), ("batch", 2, "sequence", "sequence")])
def test_attention_weights_hold_the_padded_position_in_rows_and_columns(dims: tuple[str | int, ...]) -> None:
    def answer(inputs: Any) -> dict[str, Array]:
        ids, shown = inputs["ids"].astype(np.float64), inputs["first"] == 1
        scores = np.where(shown[:, None], np.exp(ids[:, :, None] * ids[:, None] / 100), 0)
        weights = scores / scores.sum(-1, keepdims=True)
        return {"y": weights if len(dims) == 3 else np.stack([weights, weights], 1)}

    graph = Graph(GRAPH.inputs, (Tensor("y", "float32", dims),))
    samples = [_sample(n, first=1, second=0) for n in (5, 7, 4)]
    assert find_padding(answer, graph, samples) == Padding("first", 0)
