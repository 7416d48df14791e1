"""Reading a recipe's file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from edgeattn_export.quantize.recipe import Recipe, Treatment
from edgeattn_runtime.errors import RecipeError

_RESIDUAL = "int8 twice"  # what schema 1 calls residual int8
_PAIRING = "pairing"  # a technique of schema 1; since schema 2 a form is paired by itself


class _Layer(msgspec.Struct, forbid_unknown_fields=True):
    layer: str
    form: str
    techniques: dict[str, float]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema: Literal[1, 2]
    name: str
    rewrites: tuple[str, ...]
    layers: list[_Layer]


def read_recipe(path: Path) -> Recipe:
    """Read what ``Recipe.to_json`` wrote, or a person did.

    Whether its names are those of a model is seen when the recipe is followed.

    Raises:
        RecipeError: There is no such file, it is no JSON, or not a recipe's.
    """
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise RecipeError(
            f"{path}: no recipe found there ({error.strerror}); name a recipe's file"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: {error}; a recipe's file expected") from error
    read = _treatment_of_1 if file.schema == 1 else _treatment
    layers = tuple((entry.layer, read(entry)) for entry in file.layers)
    return Recipe(file.name, layers, file.rewrites)


def _treatment(entry: _Layer) -> Treatment:
    return Treatment(entry.form, tuple(entry.techniques.items()))


def _treatment_of_1(entry: _Layer) -> Treatment:
    form = "residual int8" if entry.form == _RESIDUAL else entry.form
    return Treatment(form, tuple(each for each in entry.techniques.items() if each[0] != _PAIRING))
