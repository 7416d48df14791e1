"""What a check shows of inputs that nobody saw, as a person reads it."""

from __future__ import annotations

import pytest

from edgeattn.report.verdict_words import confidence_text, edge_cases_line, undecided_notes
from edgeattn.results.check import Check, EdgeCase

FEW = Check("cosine_min", 0.9991, 0.998, ok=False, decided=False, share=0.8609, needed=59)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check("size_mb", 22.9, 24, ok=True), ""),
        (Check("cosine", 0.9934, 0.99, ok=True, bound=0.99212), "0.99212"),
        (Check("cosine", 0.9934, 0.99, ok=False, decided=False, bound=0.98999999), "0.98999999"),
        (FEW, "for 86 % of inputs"),
        (Check("cosine_min", 0.9991, 0.998, ok=True, share=0.97535), "for 97.5 % of inputs"),
    ],
)
def test_what_is_shown_of_all_inputs_is_written(check: Check, words: str) -> None:
    assert confidence_text(check) == words


def test_what_would_decide_is_told() -> None:
    (line,) = undecided_notes([FEW, Check("size_mb", 25.0, 24, ok=False)], 20)
    assert line == (
        "cosine_min is 0.99910, at least 0.998 required, but 20 evaluation samples do not show that of "
        "all inputs: 59 would do; yield 118 samples or more."
    )


def test_where_nothing_would_decide_that_is_told() -> None:
    (line,) = undecided_notes([Check("metric_drop", 0.0, 0.0, ok=False, decided=False, bound=0.01)], 1)
    assert line.endswith(
        "but 1 evaluation sample does not show that of all inputs: no number of samples like these would; "
        "ask for less."
    )


def test_what_is_not_compared_does_not_count() -> None:
    cases = [
        EdgeCase("batch 3", ok=True, error=0.1416),
        EdgeCase("batch 7", ok=False, reason="int8 does not answer"),
        EdgeCase("sequence 1", ok=True, reason="the original answers NaN or infinity"),
    ]
    assert edge_cases_line(cases) == "Edge cases: 1 of 2 right, the largest error 0.14160"
    assert edge_cases_line(cases[2:]) == "Edge cases: 0 of 0 right"
    beyond = EdgeCase("all of x at its largest", ok=True, error=0.8, reason="no real input is like it")
    assert edge_cases_line([*cases, beyond]) == edge_cases_line(cases)
