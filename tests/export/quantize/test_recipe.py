from __future__ import annotations

from edgeattn_export.quantize import RECIPES
from edgeattn_export.quantize.forms import FORMS
from edgeattn_export.quantize.recipe import DYNAMIC_INT8


def test_recipes_are_found_by_their_names() -> None:
    assert RECIPES["dynamic-int8"] is DYNAMIC_INT8
    assert all(recipe.name == name for name, recipe in RECIPES.items())


def test_recipes_name_forms_that_are_there() -> None:
    assert all(form in FORMS for recipe in RECIPES.values() for form in recipe.forms)
    assert all(form.name == name for name, form in FORMS.items())
