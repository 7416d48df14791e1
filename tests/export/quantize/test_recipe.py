from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.quantize.recipe import SCHEMA, Recipe, Treatment, read_recipe

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
