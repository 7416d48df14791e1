"""A recipe is judged on samples that it was not made by, and made more exact where they disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from edgeattn.judge import choosing, making
from edgeattn.judge.budget import Budget
from edgeattn.judge.choosing import Wish
from edgeattn.judge.making import REPAIRS, TIGHTER, Made, make
from edgeattn.progress import Silent
from edgeattn.report.report import Accuracy
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.quantize import DYNAMIC_INT8
from edgeattn_export.quantize.float_parts import FloatParts
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.search import Found, Goal
from edgeattn_export.search.bundle_search import search_bundle
from edgeattn_runtime.manifest import MAIN_GRAPH

ASKED = 0.98
GOOD = Accuracy(0.999, 0.99, 1.0, 0.1, None, None)
BAD = replace(GOOD, cosine_mean=ASKED - 0.01)
Make = Callable[..., Made]


@pytest.fixture(scope="module")
def recovered(captured: Captured, halves: tuple[Samples, Samples]) -> Recovered:
    return recover(captured, halves[0])


@pytest.fixture
def goals(monkeypatch: pytest.MonkeyPatch) -> list[Goal]:
    """The goals that were searched for, in their order."""
    asked: list[Goal] = []

    def noted(floats: FloatParts, goal: Goal, **more: object) -> Found:
        asked.append(goal)
        return search_bundle(floats, goal, **more)

    monkeypatch.setattr(choosing, "search_bundle", noted)
    return asked


@pytest.fixture
def made(
    captured: Captured,
    recovered: Recovered,
    halves: tuple[Samples, Samples],
    goals: list[Goal],
    monkeypatch: pytest.MonkeyPatch,
) -> Make:
    """A function that makes the tiny model int8, the judged samples saying what they are told to say."""

    def run(verdicts: Iterable[Accuracy], wish: Wish = Wish(), **limits: float) -> Made:  # noqa: B008
        said = iter(verdicts)
        monkeypatch.setattr(making, "judge_all", lambda *_, **__: next(said))
        budget = Budget.read(limits or {"cosine": ASKED})
        outcome = make(captured, recovered, halves, budget, wish, metric=None, progress=Silent())
        assert next(said, None) is None
        return outcome

    return run


def repaired(notes: Iterable[str]) -> list[str]:
    return [note for note in notes if note.startswith("Made more exact")]


def test_where_the_judged_samples_agree_nothing_is_repaired(made: Make, goals: list[Goal]) -> None:
    outcome = made([GOOD])
    assert len(goals) == 1
    assert outcome.accuracy == GOOD
    assert repaired(outcome.notes) == []
    assert outcome.parts.graphs[MAIN_GRAPH].quantized.recipe == outcome.found.chosen.recipe


def test_where_they_disagree_a_goal_is_searched_for_that_the_first_recipe_misses(
    made: Make, goals: list[Goal]
) -> None:
    first = made([GOOD]).found.chosen
    outcome = made([BAD, GOOD])
    used = goals[0].used_by(first)
    assert goals[1:] == [goals[0], goals[0].tightened(TIGHTER * used)]
    assert not goals[2].met_by(first)
    assert repaired(outcome.notes) == ["Made more exact once, as the judged samples ask for it."]
    assert outcome.accuracy == GOOD


def test_where_they_disagree_again_and_again_it_ends_with_the_most_exact(
    made: Make, goals: list[Goal]
) -> None:
    better, best = (replace(BAD, cosine_min=worst) for worst in (0.91, 0.92))
    outcome = made([replace(BAD, cosine_min=0.9), best, better][: REPAIRS + 1])
    assert len(goals) == REPAIRS + 1
    assert repaired(outcome.notes) == ["Made more exact once, as the judged samples ask for it."]
    assert outcome.accuracy == best


def test_where_no_repair_helps_none_is_told_of(made: Make) -> None:
    outcome = made([BAD] * (REPAIRS + 1))
    assert repaired(outcome.notes) == []
    assert outcome.accuracy == BAD


def test_a_goal_that_is_missed_already_is_not_made_narrower(made: Make, goals: list[Goal]) -> None:
    outcome = made([BAD], cosine=ASKED, size_mb=0.001)
    assert len(goals) == 1
    assert outcome.found.missed
    assert [words.partition(" on ")[0] for words in outcome.binding] == ["No recipe meets size_mb=0.001"]


def test_a_given_recipe_is_not_repaired(made: Make, goals: list[Goal]) -> None:
    outcome = made([BAD], Wish(recipe=DYNAMIC_INT8))
    assert goals == []
    assert outcome.found.chosen.recipe == DYNAMIC_INT8
    assert outcome.parts.recipe == "dynamic-int8"


def test_a_limit_on_time_is_no_reason_to_be_more_exact(made: Make, goals: list[Goal]) -> None:
    made([GOOD], cosine=ASKED, latency_ms=1e3, memory_mb=1e3)
    assert len(goals) == 1


def test_a_size_for_the_sake_of_memory_is_aimed_at_and_not_spoken_of(made: Make, goals: list[Goal]) -> None:
    outcome = made([GOOD], Wish(size_mb=0.001), cosine=ASKED, size_mb=1.0)
    assert [goal.size_mb for goal in goals] == [0.001]
    assert outcome.found.missed == ("size_mb",)
    assert outcome.binding == ()
