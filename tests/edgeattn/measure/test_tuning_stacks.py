from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pytest

from edgeattn.measure import tuning as module
from edgeattn.measure.cost import Way
from edgeattn.measure.tuning import measure_stacks
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.bundle.rows import Rows, Stack, rows_per_call
from edgeattn_runtime.graph import Graph, Symbol, Tensor

ROWS = Rows("batch", None)
GRAPH = Graph((Tensor("x", "int64", ("batch", "sequence")),), (Tensor("y", "int64", ("batch",)),))


class Network:
    """Remembers the shapes that it was bound to."""

    def __init__(self) -> None:
        self.bound: list[tuple[int, ...]] = []

    def __call__(self, inputs: Inputs) -> Outputs:
        return {"y": inputs["x"].sum(1)}

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        self.bound.append(inputs["x"].shape)
        return partial(self, inputs)


def _measure(
    monkeypatch: pytest.MonkeyPatch, best: Mapping[int, int], *, most: int | None = None
) -> tuple[list[tuple[int, ...]], tuple[Stack, ...]]:
    """Measure where ``best`` says how many rows of a length are the cheapest together."""
    network = Network()

    def cheapest(ways: Mapping[int, Way], default: int, **_: object) -> int:
        assert default == 1
        assert [way.answers for way in ways.values()] == list(ways)
        return best[network.bound[-1][1]]

    monkeypatch.setattr(module, "cheapest", cheapest)
    rows = [{"x": np.ones((1, length), np.int64)} for length in (*best, *best)]
    symbols = {"batch": Symbol(1, most), "sequence": Symbol(1, None)}
    return network.bound, measure_stacks(ROWS, GRAPH, symbols, rows, network, threads=1)


def test_more_rows_are_tried_only_where_two_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    bound, _ = _measure(monkeypatch, {3: 8, 7: 1})
    assert bound == [*((count, 3) for count in (1, 2, 1, 2, 4, 8)), (1, 7), (2, 7)]


def test_no_more_rows_than_the_graph_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    bound, found = _measure(monkeypatch, {3: 2}, most=2)
    assert bound == [(1, 3), (2, 3)]
    assert found == (Stack({"sequence": 3}, 2),)


@pytest.mark.parametrize(
    ("best", "expected"),
    [
        ({2: 1, 9: 1}, {}),
        ({2: 8, 9: 1}, {2: 8}),
        ({2: 8, 4: 8, 9: 4}, {4: 8, 9: 4}),
        ({2: 1, 4: 8}, {2: 1, 4: 8}),
    ],
)
def test_what_goes_without_saying_is_not_said(
    monkeypatch: pytest.MonkeyPatch, best: dict[int, int], expected: dict[int, int]
) -> None:
    _, found = _measure(monkeypatch, best)
    assert found == tuple(Stack({"sequence": length}, rows) for length, rows in expected.items())
    for length, count in best.items():
        assert rows_per_call(found, {"sequence": length}) == count


def test_a_measurement_without_a_script() -> None:
    rows = [{"x": np.ones((1, length), np.int64)} for length in (1, 5)]
    symbols = {"batch": Symbol(1, None), "sequence": Symbol(1, None)}
    for stack in measure_stacks(ROWS, GRAPH, symbols, rows, Network(), threads=1):
        assert stack.rows in module.ROWS_PER_CALL
