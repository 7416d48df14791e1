"""Reading a recipe's file: every fault of its form at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from edgeattn_export.quantize.recipe import SCHEMA, Recipe, Treatment
from edgeattn_runtime.errors import RecipeError

_KEYS = {"schema", "name", "rewrites", "layers"}
_LAYER_KEYS = {"layer", "form", "techniques"}


def read_recipe(path: Path) -> Recipe:
    """Read what ``Recipe.to_json`` wrote, or a person did.

    Whether its names are those of a model is seen when the recipe is followed.

    Raises:
        RecipeError: There is no such file, it is no JSON, or not a recipe's; all faults are in the message.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(
            f"{path}: no recipe found there ({error.strerror}); name a recipe's file"
        ) from error
    except ValueError as error:
        raise RecipeError(f"{path}: not JSON ({error}); a recipe's file expected") from error
    faults = tuple(_faults(table))
    if faults:
        raise RecipeError(f"{path}: {'; '.join(faults)}")
    layers = tuple(
        (entry["layer"], Treatment(entry["form"], tuple(map(_technique, entry["techniques"].items()))))
        for entry in table["layers"]
    )
    return Recipe(table["name"], layers, tuple(table["rewrites"]))


def _technique(item: tuple[str, float]) -> tuple[str, float]:
    return item[0], float(item[1])


def _faults(table: object) -> Iterator[str]:
    if not isinstance(table, dict) or set(table) != _KEYS:
        yield f"an object of {', '.join(sorted(_KEYS))} expected"
        return
    if table["schema"] != SCHEMA:
        yield f"schema {table['schema']!r} found, {SCHEMA} expected"
    if not isinstance(table["name"], str):
        yield f"name {table['name']!r} found, a string expected"
    if not _is_list_of_strings(table["rewrites"]):
        yield "rewrites: a list of names expected"
    if not isinstance(table["layers"], list):
        yield "layers: a list expected"
        return
    for i, entry in enumerate(table["layers"]):
        yield from _layer_faults(f"layers[{i}]", entry)


def _layer_faults(where: str, entry: object) -> Iterator[str]:
    if not isinstance(entry, dict) or set(entry) != _LAYER_KEYS:
        yield f"{where}: an object of {', '.join(sorted(_LAYER_KEYS))} expected"
        return
    for key in ("layer", "form"):
        if not isinstance(entry[key], str):
            yield f"{where}.{key}: {entry[key]!r} found, a string expected"
    techniques = entry["techniques"]
    if not isinstance(techniques, dict) or not all(map(_is_number, techniques.values())):
        yield f"{where}.techniques: an object of numbers by name expected"


def _is_list_of_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
