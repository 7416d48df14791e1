from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgeattn.judge.independence import FloatTrial, independent_rows
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.graph import Graph, Symbol, Tensor

DIMS = ("batch", "sequence")
GRAPH = Graph(
    (Tensor("tokens", "int64", DIMS), Tensor("mask", "int64", DIMS), Tensor("types", "int64", DIMS)),
    (Tensor("hidden", "float32", (*DIMS, 2)), Tensor("pooled", "float32", ("batch",))),
)
SYMBOLS = {"batch": Symbol(1, None), "sequence": Symbol(1, 12)}
TABLE = np.random.default_rng(3).normal(size=(20, 2))
ALONE = Rows("batch", None)
MASKED = Rows("batch", Padding("mask", 0))


class Network:
    """A network in numpy: each position gets its row's mean over the positions that it lets count."""

    def __init__(self, counts: Callable[[Inputs], np.ndarray]) -> None:
        self._counts = counts

    def __call__(self, inputs: Inputs) -> Inputs:
        x = TABLE[inputs["tokens"]] + inputs["types"][..., None]  # (B, S, 2)
        weight = self._counts(inputs)[..., None].astype(np.float64)  # (B, S, 1)
        mean = (x * weight).sum(1, keepdims=True) / weight.sum(1, keepdims=True)  # (B, 1, 2)
        return {"hidden": (x + mean).astype(np.float32), "pooled": mean[:, 0, 0].astype(np.float32)}

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        return lambda: self(inputs)


def _samples(*lengths: int) -> list[Inputs]:
    draw = np.random.default_rng(5)
    return [
        {
            "tokens": draw.integers(0, 20, (1, length)),
            "mask": np.ones((1, length), np.int64),
            "types": np.zeros((1, length), np.int64),
        }
        for length in lengths
    ]


def _trial(network: Network, samples: list[Inputs] | None = None, **changes: object) -> FloatTrial:
    trial = FloatTrial(GRAPH, SYMBOLS, samples or _samples(3, 8, 5, 6, 2), network)
    return replace(trial, **changes)  # type: ignore[arg-type]


def _mask(inputs: Inputs) -> np.ndarray:
    return inputs["mask"]


shown = Network(_mask)
everything = Network(lambda inputs: np.ones_like(inputs["mask"]))
leaking = Network(lambda inputs: np.maximum(inputs["mask"], 1e-3))
inverted = Network(lambda inputs: 1 - inputs["mask"])


def test_padding_that_a_one_tells() -> None:
    samples = [{**sample, "mask": 1 - sample["mask"]} for sample in _samples(3, 8, 5)]
    assert independent_rows(_trial(inverted, samples)) == Rows("batch", Padding("mask", 1))


class Causal(Network):
    """Positions see those before them alone: what stands behind changes nothing, shown or hidden."""

    def __init__(self) -> None:
        super().__init__(_mask)

    def __call__(self, inputs: Inputs) -> Inputs:
        x = TABLE[inputs["tokens"]] * inputs["mask"][..., None] + inputs["types"][..., None]
        hidden = np.cumsum(x, axis=1).astype(np.float32)
        return {"hidden": hidden, "pooled": hidden[:, 0, 0]}


def test_samples_that_are_padded_batches() -> None:
    long, short = _samples(9, 4)
    padded = {name: np.pad(array, ((0, 0), (0, 5))) for name, array in short.items()}
    batch = {name: np.concatenate([long[name], padded[name]]) for name in long}
    assert independent_rows(_trial(shown, [batch, batch])) == MASKED


class Mixing(Network):
    """Rows see the mean of their batch, as with a normalization over it."""

    def __call__(self, inputs: Inputs) -> Inputs:
        answers = super().__call__(inputs)
        return {**answers, "pooled": answers["pooled"] - answers["pooled"].mean()}


class Running(Network):
    """A row sees those before it."""

    def __call__(self, inputs: Inputs) -> Inputs:
        answers = super().__call__(inputs)
        return {**answers, "pooled": np.cumsum(answers["pooled"])}


class SmallBesideLarge(Network):
    """A small channel of the batch's mean beside a large one of each row."""

    def __call__(self, inputs: Inputs) -> Inputs:
        answers = super().__call__(inputs)
        hidden = answers["hidden"]
        small = 1e-3 * np.broadcast_to(hidden[..., 1].mean(), hidden.shape[:2])
        return {**answers, "hidden": np.stack([300 + hidden[..., 0], small], axis=-1)}


@pytest.mark.parametrize(
    ("network", "rows"),
    [
        pytest.param(shown, MASKED, id="a mask hides padding"),
        pytest.param(everything, ALONE, id="a mask without effect"),
        pytest.param(leaking, ALONE, id="a mask that hides almost all of a position"),
        pytest.param(Causal(), ALONE, id="positions see none behind them"),
        pytest.param(Mixing(_mask), None, id="rows see all others"),
        pytest.param(Running(_mask), None, id="rows see those before them"),
        pytest.param(SmallBesideLarge(_mask), None, id="rows see all others in a small channel"),
    ],
)
def test_rows_are_independent_as_the_network_has_them(network: Network, rows: Rows | None) -> None:
    assert independent_rows(_trial(network)) == rows


class Highest(Network):
    """Every row sees the highest token of all."""

    def __call__(self, inputs: Inputs) -> Inputs:
        answers = super().__call__(inputs)
        return {**answers, "pooled": np.full_like(answers["pooled"], inputs["tokens"].max())}


def test_a_row_is_tried_with_longer_ones_too() -> None:
    samples = [
        {**sample, "tokens": np.full_like(sample["tokens"], place)}
        for place, sample in enumerate(_samples(3, 5, 8))
    ]
    assert independent_rows(_trial(Highest(_mask), samples)) is None


def test_a_single_row_proves_nothing() -> None:
    assert independent_rows(_trial(shown, _samples(4))) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"graph": replace(GRAPH, outputs=(Tensor("pooled", "float32", (2,)),))},
        {"graph": replace(GRAPH, inputs=(Tensor("tokens", "int64", (1, "sequence")), *GRAPH.inputs[1:]))},
        {"graph": replace(GRAPH, inputs=(Tensor("tokens", "int64", ()), *GRAPH.inputs[1:]))},
        {"symbols": {**SYMBOLS, "batch": Symbol(2, None)}},
    ],
)
def test_rows_that_cannot_be_told_apart(changes: dict[str, object]) -> None:
    assert independent_rows(_trial(shown, None, **changes)) is None


def test_no_room_for_padding_proves_none() -> None:
    symbols = {**SYMBOLS, "sequence": Symbol(1, 4)}
    assert independent_rows(_trial(shown, _samples(4, 4, 4), symbols=symbols)) == ALONE
    assert independent_rows(_trial(shown, _samples(4, 3, 4), symbols=symbols)) == MASKED
