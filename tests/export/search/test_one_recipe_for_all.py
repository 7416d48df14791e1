from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from edgeattn_export.quantize import Recipe
from edgeattn_export.search import Goal, SearchResult, Trial
from edgeattn_export.search.bundle_search import one_recipe_for_all
from edgeattn_export.search.rig import silent

Choose = Callable[..., SearchResult]
DEFAULT = Goal()
ROOM = "edgeattn_export.search.bundle_search"
TIMES = {  # by recipe, in ms on a server and on a board
    "best on the server": (1.0, 40.0),
    "best on the board": (2.0, 20.0),
    "between": (1.2, 25.0),
    "slow on both": (3.0, 60.0),
}


@dataclass(frozen=True)
class Device:
    """A bench by its place in ``TIMES``."""

    place: int


def _trial(name: str, device: Device, r2: float = 1.0) -> Trial:
    return Trial(Recipe(name, (), ()), r2, r2, TIMES[name][device.place], size_mb=1.0)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Choose:
    """A function that returns what is chosen, where each device's search chose what is best on it."""

    def choose(goal: Goal = DEFAULT, inexact: str = "") -> SearchResult:
        own = ("best on the server", "best on the board")

        def search(_: object, __: Goal, device: Device, *, step: object) -> SearchResult:
            trials = tuple(_trial(name, device) for name in TIMES)
            return SearchResult(_trial(own[device.place], device), trials, (), ())

        def race(_: object, recipes: list[Recipe], device: Device) -> tuple[Trial, ...]:
            return tuple(_trial(each.name, device, 0.5 if each.name == inexact else 1.0) for each in recipes)

        monkeypatch.setattr(f"{ROOM}.search_bundle", search)
        monkeypatch.setattr(f"{ROOM}.race_bundle", race)
        monkeypatch.setattr(f"{ROOM}.front", lambda trials: trials)
        return one_recipe_for_all(None, goal, (Device(0), Device(1)), step=silent)  # type: ignore[arg-type]

    return choose


def test_the_recipe_that_loses_least_where_it_loses_most_is_chosen(chosen: Choose) -> None:
    found = chosen()
    assert (found.chosen.recipe.name, found.chosen.latency_ms, found.missed) == ("between", 1.2, ())


def test_limits_hold_on_every_device(chosen: Choose) -> None:
    assert chosen(goal=Goal(latency_ms=22.0)).chosen.recipe.name == "best on the board"
    assert chosen(inexact="between").chosen.recipe.name != "between"
