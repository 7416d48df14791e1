from __future__ import annotations

import json

import pytest

from edgeattn.judge.search import recipe_files, trial_results
from edgeattn_export.quantize.recipe import Recipe, Treatment
from edgeattn_export.search.goal import Trial


def _trial(name: str, cosine_min: float, latency_ms: float, size_mb: float = 22.9) -> Trial:
    recipe = Recipe(name, (("*", Treatment("int8", (("smoothing", 0.7),))),), ("int8 rows",))
    return Trial(recipe, cosine_min, cosine_min, latency_ms, size_mb)


FAST = _trial("fast", 0.985, 11.0)
EXACT = _trial("exact", 0.999, 13.0)
DOMINATED = _trial("dominated", 0.984, 12.0)


def test_the_front_comes_first_and_each_of_its_recipes_has_a_file() -> None:
    lines = trial_results([DOMINATED, EXACT, FAST, FAST], chosen=EXACT)
    assert [(line.name, line.number, line.front, line.chosen) for line in lines] == [
        ("fast", "01", True, False),
        ("exact", "02", True, True),
        ("dominated", "", False, False),
    ]
    files = recipe_files([DOMINATED, EXACT, FAST, FAST], chosen=EXACT)
    assert (
        list(files)
        == [line.recipe for line in lines[:2]]
        == [
            "recipes/01-fast.json",
            "recipes/02-exact.json",
        ]
    )
    assert json.loads(files["recipes/02-exact.json"]) == json.loads(EXACT.recipe.to_json())


def test_a_chosen_recipe_that_is_dominated_can_be_reached_too() -> None:
    lines = trial_results([FAST], chosen=DOMINATED)
    assert [(line.recipe, line.front, line.chosen) for line in lines] == [
        ("recipes/01-fast.json", True, False),
        ("recipes/02-dominated.json", False, True),
    ]
    assert recipe_files([FAST], chosen=DOMINATED).keys() == {line.recipe for line in lines}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("cosine_min >= 0.998, é", "recipes/01-cosine_min-0.998.json"),
        ("../up", "recipes/01-..-up.json"),
        ("模型", "recipes/01-recipe.json"),
        ("x" * 100, f"recipes/01-{'x' * 60}.json"),
    ],
)
def test_a_file_has_a_name_that_every_bundle_may_hold(name: str, file: str) -> None:
    trial = _trial(name, 0.99, 11.0)
    assert list(recipe_files([trial], chosen=trial)) == [file]
