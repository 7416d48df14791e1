"""Recipes: which form each layer gets and by which techniques, as data with a name, and their files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec

from edgeattn_runtime.errors import RecipeError

SCHEMA = 2
EVERY = "*"
AT = " at "  # between a rewrite and the pattern of the modules that it is for


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done to one linear layer.

    Attributes:
        form: Of a linear layer, by its name in the engine's ``Forms``, such as "int8" or "float".
        techniques: What comes before the form, in this order: names of ``techniques.TECHNIQUES``, each with
            its one number, such as ("smoothing", 0.7).
    """

    form: str
    techniques: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A legible name, treatments by layer, and rewrites of what is no linear layer.

    Attributes:
        name: For the report and the manifest.
        layers: Treatments by pattern (``fnmatch``: * and ?) of a layer's name; the last that matches counts.
        rewrites: Forms of what is no linear layer, in their order, such as "int8 rows" for embeddings. One of
            "kernel attention at encoder.*" counts where the PyTorch module's name matches the pattern.
    """

    name: str
    layers: tuple[tuple[str, Treatment], ...]
    rewrites: tuple[str, ...]

    def treatment(self, layer: str) -> Treatment:
        """Return what is done to a layer; one that no pattern matches stays float."""
        matching = [treatment for pattern, treatment in self.layers if fnmatchcase(layer, pattern)]
        return matching[-1] if matching else Treatment("float")

    def placed_rewrites(self) -> Iterator[tuple[str, str]]:
        """Yield the rewrites by name, each with the pattern of the modules that it is for."""
        for rewrite in self.rewrites:
            name, _, pattern = rewrite.partition(AT)
            yield name, pattern or EVERY

    def unnamed(self) -> Recipe:
        """Return the recipe without its name: what it does, and nothing else."""
        return replace(self, name="")

    def to_json(self) -> str:
        """Return the text of a recipe's file."""
        table: dict[str, object] = {
            "schema": SCHEMA,
            "name": self.name,
            "rewrites": list(self.rewrites),
            "layers": [
                {"layer": pattern, "form": treatment.form, "techniques": dict(treatment.techniques)}
                for pattern, treatment in self.layers
            ],
        }
        return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


class _Layer(msgspec.Struct, forbid_unknown_fields=True):
    layer: str
    form: str
    techniques: dict[str, float]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema: Literal[2]
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
    layers = tuple(
        (entry.layer, Treatment(entry.form, tuple(entry.techniques.items()))) for entry in file.layers
    )
    return Recipe(file.name, layers, file.rewrites)
