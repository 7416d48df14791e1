"""The word on a check, and on several."""

from __future__ import annotations

import pytest

from edgeattn.judge.check import Check, Verdict, verdict_of
from edgeattn.judge.figures import Exact, Worst
from edgeattn.judge.limits import LIMITS


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


def test_a_size_is_decided_by_itself() -> None:
    assert Check.of(LIMITS["size_mb"], 24.0, Exact(22.9)) == Check("size_mb", 22.9, 24.0, ok=True)
    assert Check.of(LIMITS["size_mb"], 22.0, Exact(22.9)).verdict == "fail"


def test_a_worst_sample_of_few_decides_nothing_but_a_failure() -> None:
    assert Check.of(LIMITS["cosine_min"], 0.998, Worst(0.999, 20)).verdict == "undecided"
    assert Check.of(LIMITS["cosine_min"], 0.998, Worst(0.997, 20)).verdict == "fail"
