from __future__ import annotations

import pytest

from edgeattn.sweep.fronts import costs, series_of
from edgeattn.sweep.line import Line
from edgeattn.sweep.row import Outcome, Row


def test_budgets_on_one_device_share_what_was_tried_there(
    lines: list[Line], outcomes: dict[Row, Outcome]
) -> None:
    found = series_of(lines, list(outcomes.values()))
    assert found.keys() == {"sentence"}  # the other one could not be exported
    server, board = found["sentence"]
    assert (server.device, board.device) == ("server", "pi4")
    assert [trial.name for trial in server.trials] == ["dynamic-int8", "smoothed", "rows"]
    assert [trial.name for trial in server.front] == ["dynamic-int8", "smoothed"]
    assert {number: trial.name for number, trial in server.chosen.items()} == dict.fromkeys(
        (1, 3), "dynamic-int8"
    )


def test_a_recipe_is_told_with_what_it_costs_on_every_device(
    lines: list[Line], outcomes: dict[Row, Outcome]
) -> None:
    (several,) = series_of(lines, list(outcomes.values())).values()
    fast, exact = costs(several)
    assert (fast.name, fast.rows, fast.latency_ms) == ("dynamic-int8", (1, 2, 3), (3.1, pytest.approx(12.4)))
    assert (exact.name, exact.rows) == ("smoothed", ())
    assert exact.latency_ms == (3.4, pytest.approx(13.6))


def test_a_recipe_that_was_not_tried_on_a_device_has_no_time_there(
    lines: list[Line], outcomes: dict[Row, Outcome]
) -> None:
    (several,) = series_of(lines, list(outcomes.values())).values()
    only = costs((several[0], type(several[1])("cpu", "pi4", False, several[1].trials[:1], {})))
    assert [cost.latency_ms[1] for cost in only] == [pytest.approx(12.4), None]
