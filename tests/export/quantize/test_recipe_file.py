from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeattn_export.quantize.recipe import SCHEMA, Recipe, Treatment
from edgeattn_export.quantize.recipe_file import read_recipe
from edgeattn_runtime.errors import RecipeError

LAYER = {"layer": "*", "form": "int8", "techniques": {"smoothing": 1}}
WHOLE = {"schema": SCHEMA, "name": "mine", "rewrites": ["gelu tanh"], "layers": [LAYER]}
TABLE = "an object of layers, name, rewrites, schema expected"
ENTRY = "an object of form, layer, techniques expected"


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


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    layers = [
        {"layer": 3, "form": None, "techniques": {}},
        LAYER,
        {**LAYER, "techniques": {"smoothing": "much"}},
        {**LAYER, "techniques": {"smoothing": True}},
        {**LAYER, "techniques": ["smoothing"]},
        {"layer": "*", "form": "int8"},
        "int8",
    ]
    found = _refusal(path, {"schema": 2, "name": 7, "rewrites": ["gelu tanh", 1], "layers": layers})
    assert found == f"{path}: " + "; ".join(
        [
            "schema 2 found, 1 expected",
            "name 7 found, a string expected",
            "rewrites: a list of names expected",
            "layers[0].layer: 3 found, a string expected",
            "layers[0].form: None found, a string expected",
            "layers[2].techniques: an object of numbers by name expected",
            "layers[3].techniques: an object of numbers by name expected",
            "layers[4].techniques: an object of numbers by name expected",
            f"layers[5]: {ENTRY}",
            f"layers[6]: {ENTRY}",
        ]
    )


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ([], TABLE),
        ("mine", TABLE),
        ({}, TABLE),
        ({**WHOLE, "more": 1}, TABLE),
        ({**WHOLE, "layers": {"*": "int8"}}, "layers: a list expected"),
        ({**WHOLE, "rewrites": "gelu tanh"}, "rewrites: a list of names expected"),
    ],
)
def test_no_recipe(table: object, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    assert _refusal(path, table) == f"{path}: {fault}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.json: no recipe found there .*; name a recipe's file$"):
        read_recipe(tmp_path / "none.json")
    with pytest.raises(RecipeError, match=r": no recipe found there "):
        read_recipe(tmp_path)


@pytest.mark.parametrize("content", [b"", b"name: mine", b'{"name": "\xff"}'])
def test_a_file_that_is_no_json(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"recipe\.yaml: not JSON \(.*\); a recipe's file expected$"):
        read_recipe(path)
