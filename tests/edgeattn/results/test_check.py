"""A limit, the word on a check and on several, and the name of a recipe."""

from __future__ import annotations

import math

import pytest

from edgeattn.results.check import EVALUATION_SHARE, Verdict, verdict_of
from edgeattn.results.limits import LIMITS, limit_of
from edgeattn.results.trial import recipe_words
from edgeattn_export.graph.samples import Sample, Samples


@pytest.mark.parametrize(
    ("verdicts", "all_of_them"),
    [
        ([], "pass"),
        (["pass", "pass"], "pass"),
        (["pass", "undecided"], "undecided"),
        (["undecided", "fail", "pass"], "fail"),
    ],
)
def test_the_worst_word_is_the_word_on_all(verdicts: list[Verdict], all_of_them: Verdict) -> None:
    assert verdict_of(verdicts) == all_of_them


def test_the_share_that_evaluates_is_that_of_the_split() -> None:
    samples = Samples(tuple(Sample({}) for _ in range(40)))
    assert len(samples.split().evaluation) == EVALUATION_SHARE * len(samples)


NEXT = 1e-14  # from 1: what float64 sums of equal numbers leave


@pytest.mark.parametrize("name", ["r2", "r2_channel_min", "cosine", "cosine_min"])
def test_perfection_is_met_up_to_rounding(name: str) -> None:
    limit = LIMITS[name]
    assert limit.meets(1 - NEXT, 1.0)
    assert not limit.meets(1 - 1e-6, 1.0)


@pytest.mark.parametrize("name", [name for name in LIMITS if not name.startswith(("cosine", "r2"))])
def test_other_limits_are_taken_to_the_letter(name: str) -> None:
    limit = LIMITS[name]
    beyond = math.nextafter(2.0, 0.0 if limit.at_least else math.inf)
    assert limit.meets(2.0, 2.0)
    assert not limit.meets(beyond, 2.0)


@pytest.mark.parametrize(
    ("name", "measured", "bound", "text"),
    [
        ("cosine", 0.9934, 0.99, "0.99340"),
        ("cosine", 0.999998, 1.0, "0.999998"),
        ("cosine", 1 - NEXT, 1.0, "1.00000"),
        ("cosine_min", 0.98999998, 0.99, "0.98999998"),
        ("size_mb", 24.00004, 24.0, "24.00004"),
        ("latency_ms", 3.20001, 4.0, "3.2"),
        ("golden", 0.4500001, 0.45, "0.4500001"),
        ("size_mb", math.nextafter(24.0, 25.0), 24.0, repr(math.nextafter(24.0, 25.0))),
    ],
)
def test_a_number_shows_on_which_side_of_its_limit_it_is(
    name: str, measured: float, bound: float, text: str
) -> None:
    limit = limit_of(name)
    assert limit.number_text(measured, bound) == text
    assert limit.meets(float(text), bound) == limit.meets(measured, bound)


@pytest.mark.parametrize(
    ("name", "bound", "text"),
    [
        ("cosine", 0.995, "at least 0.995"),
        ("size_mb", 24.0, "at most 24 MB"),
        ("latency_ratio", 3.0, "at least 3x"),
        ("metric_drop", 0.0, "at most 0"),
        ("cosine", 1 - 1e-9, "at least 0.999999999"),
    ],
)
def test_a_limit_is_written_as_the_budget_has_it(name: str, bound: float, text: str) -> None:
    assert limit_of(name).bound_text(bound) == text


@pytest.mark.parametrize(
    ("name", "admitted", "refused"),
    [
        ("cosine", (0.5, 1.0), (0.0, -1.0, 1.1)),
        ("metric_drop", (0.0, 3.0), (-0.1,)),
        ("size_mb", (0.1,), (0.0, -1.0)),
    ],
)
def test_only_what_makes_sense_is_admitted(
    name: str, admitted: tuple[float, ...], refused: tuple[float, ...]
) -> None:
    limit = LIMITS[name]
    assert all(map(limit.admits, admitted))
    assert not any(map(limit.admits, refused))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("model: 13 int8; encoder: 10 int8", "decoder: 13 int8; encoder: 10 int8"),
        ("24 int8 (12 smoothing)", "24 int8 (12 smoothing)"),
        ("model: mine", "model: mine"),
    ],
)
def test_graphs_are_called_what_they_are(name: str, shown: str) -> None:
    assert recipe_words(name) == shown
