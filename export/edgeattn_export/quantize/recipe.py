"""Recipes: which forms a model's layers get, as data with a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """A legible name, and the forms that it applies in their order."""

    name: str
    forms: tuple[str, ...]


DYNAMIC_INT8 = Recipe("dynamic-int8", forms=("int8", "int8 rows", "gelu tanh"))

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in (DYNAMIC_INT8,)}
