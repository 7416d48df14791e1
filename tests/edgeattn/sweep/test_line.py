from __future__ import annotations

import json

from edgeattn.commands.sweep import to_json
from edgeattn.sweep.line import Line


def test_a_line_has_the_figures_of_its_report(lines: list[Line]) -> None:
    first = lines[0]
    assert (first.model, first.budget, first.target, first.device) == (
        "sentence",
        "cosine=0.99",
        "cpu",
        "server",
    )
    assert (first.verdict, first.reason, first.recipe) == ("pass", "", "dynamic-int8")
    assert (first.r2, first.r2_channel_min) == (0.9868, 0.9612)
    assert (first.latency_ms, first.size_mb, first.speedup) == (3.1, 22.9, 16 / 3.2)


def test_a_budget_that_is_missed_says_by_what(lines: list[Line]) -> None:
    assert lines[2].verdict == "fail"
    assert lines[2].reason == "cosine is 0.99340, at least 0.999 required"
    assert lines[2].command.endswith("--budget cosine=0.999 --budget size_mb=24 --target cpu --on server")


def test_a_model_that_cannot_be_exported_says_why(lines: list[Line]) -> None:
    last = lines[3]
    assert (last.verdict, last.reason) == ("refused", "<b>.py: forward decides by values")
    assert (last.r2, last.latency_ms, last.size_mb) == (None, None, None)


def test_the_table_as_data_holds_every_row(lines: list[Line]) -> None:
    table = json.loads(to_json(lines))
    assert table["schema"] == 1
    assert [row["number"] for row in table["rows"]] == [1, 2, 3, 4]
