"""The word on a check, and on several."""

from __future__ import annotations

import pytest

from edgeattn.results.check import EVALUATION_SHARE, Verdict, verdict_of
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
