from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.results.check import Check
from edgeattn.results.report import Report
from edgeattn.sweep.line import Line
from edgeattn.sweep.row import Model, Outcome, Row

Outcomes = dict[Row, Outcome]


@pytest.fixture
def outcomes(report: Report) -> Outcomes:
    """Two budgets of a model on two devices, one of them missed; and a model that cannot be exported."""
    trials = tuple(replace(trial, latency_ms=4 * trial.latency_ms) for trial in report.trials)
    slow = replace(report, trials=trials)
    missed = replace(report, checks=(Check("cosine", 0.9934, 0.999, ok=False, bound=0.9921),))
    sentence = Model("models/sentence/model.py")
    loose, tight = (("cosine", 0.99),), (("cosine", 0.999), ("size_mb", 24.0))
    return {
        Row(sentence, loose, "cpu", "server"): Outcome(report.to_json()),
        Row(sentence, loose, "cpu", "pi4"): Outcome(slow.to_json()),
        Row(sentence, tight, "cpu", "server"): Outcome(missed.to_json()),
        Row(Model("<b>.py"), loose, "cpu", "pi4"): Outcome(None, "<b>.py: forward decides by values"),
    }


@pytest.fixture
def lines(outcomes: Outcomes) -> list[Line]:
    return [Line.of(i, row, outcome) for i, (row, outcome) in enumerate(outcomes.items(), 1)]
