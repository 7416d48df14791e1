from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.quantize.recipes.recipe import SCHEMA, Recipe, Treatment, read_recipe
from edgeattn_runtime.errors import RecipeError

INT8, SMOOTHED = Treatment("int8"), Treatment("int8", (("smoothing", 0.5), ("rounding", 0.01)))

numbers = st.floats(allow_nan=False, allow_infinity=False)
treatments = st.builds(
    Treatment,
    st.text(),
    st.dictionaries(st.text(), numbers, max_size=2).map(lambda found: tuple(found.items())),
)
recipes = st.builds(
    Recipe,
    st.text(),
    st.lists(st.tuples(st.text(), treatments), max_size=2).map(tuple),
    st.lists(st.text(), max_size=2).map(tuple),
)


@given(recipes)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, recipe: Recipe) -> None:
    path = tmp_path_factory.getbasetemp() / "recipe.json"
    path.write_text(recipe.to_json(), encoding="utf-8")
    assert read_recipe(path) == recipe


def test_the_file_by_hand() -> None:
    recipe = Recipe("größer", (("*", INT8), ("decoder.*", SMOOTHED)), ("int8 rows",))
    text = recipe.to_json()
    assert "größer" in text
    assert json.loads(text) == {
        "schema": SCHEMA,
        "name": "größer",
        "rewrites": ["int8 rows"],
        "layers": [
            {"layer": "*", "form": "int8", "techniques": {}},
            {"layer": "decoder.*", "form": "int8", "techniques": {"smoothing": 0.5, "rounding": 0.01}},
        ],
    }


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("encoder.0.up", INT8),
        ("encoder.0.down", SMOOTHED),
        ("encoder.1.down", Treatment("float")),
        ("Encoder.0.down", INT8),
        ("head", INT8),
        ("", INT8),
    ],
)
def test_the_last_pattern_that_matches_counts(layer: str, expected: Treatment) -> None:
    patterns = (
        ("encoder.?.down", INT8),
        ("*", INT8),
        ("encoder.?.down", SMOOTHED),
        ("*.1.*", Treatment("float")),
    )
    assert Recipe("", patterns, ()).treatment(layer) == expected


def test_what_no_pattern_matches_stays_float() -> None:
    assert Recipe("", (("encoder.*", INT8),), ()).treatment("head") == Treatment("float")


def test_recipes_that_do_the_same_are_equal_without_their_names() -> None:
    one, other = (Recipe(name, (("*", INT8),), ()) for name in ("one", "other"))
    assert one != other
    assert one.unnamed() == other.unnamed() == Recipe("", (("*", INT8),), ())


LAYER = {"layer": "*", "form": "int8", "techniques": {"smoothing": 1}}
WHOLE = {"schema": SCHEMA, "name": "mine", "rewrites": ["gelu tanh"], "layers": [LAYER]}


def _refusal(path: Path, table: object) -> str:
    path.write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    return str(caught.value)


def test_a_recipe_that_a_person_wrote(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(WHOLE), encoding="utf-8")
    recipe = read_recipe(path)
    assert recipe == Recipe("mine", (("*", Treatment("int8", (("smoothing", 1.0),))),), ("gelu tanh",))
    assert isinstance(recipe.layers[0][1].techniques[0][1], float)


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ([], "Expected `object`"),
        ({}, "`schema`"),
        ({**WHOLE, "more": 1}, "`more`"),
        ({**WHOLE, "schema": 3}, "$.schema"),
        ({**WHOLE, "name": 7}, "$.name"),
        ({**WHOLE, "rewrites": ["gelu tanh", 1]}, "$.rewrites[1]"),
        ({**WHOLE, "layers": {"*": "int8"}}, "$.layers"),
        ({**WHOLE, "layers": [LAYER, {"layer": "*", "form": "int8"}]}, "$.layers[1]"),
        ({**WHOLE, "layers": [{**LAYER, "form": None}]}, "$.layers[0].form"),
        ({**WHOLE, "layers": [{**LAYER, "techniques": {"smoothing": True}}]}, "$.layers[0].techniques[...]"),
    ],
)
def test_what_is_wrong_is_named(table: object, where: str, tmp_path: Path) -> None:
    found = _refusal(tmp_path / "recipe.json", table)
    assert found.startswith(f"{tmp_path / 'recipe.json'}: ")
    assert where in found


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.json: "):
        read_recipe(tmp_path / "none.json")
    with pytest.raises(RecipeError, match=f"^{re.escape(str(tmp_path))}: "):
        read_recipe(tmp_path)


@pytest.mark.parametrize("content", [b"", b"name: mine", b'{"name": "\xff"}'])
def test_a_file_that_is_no_json(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"recipe\.yaml: "):
        read_recipe(path)
