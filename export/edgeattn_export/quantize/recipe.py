"""Recipes: which form each layer gets and by which techniques, as data with a name."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

SCHEMA = 2
EVERY = "*"


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
        rewrites: Forms of what is no linear layer, in their order, such as "int8 rows" for embeddings.
    """

    name: str
    layers: tuple[tuple[str, Treatment], ...]
    rewrites: tuple[str, ...]

    def treatment(self, layer: str) -> Treatment:
        """Return what is done to a layer; one that no pattern matches stays float."""
        found = [treatment for pattern, treatment in self.layers if fnmatchcase(layer, pattern)]
        return found[-1] if found else Treatment("float")

    def unnamed(self) -> Recipe:
        """Return the recipe without its name: what it does, and nothing else."""
        return replace(self, name="")

    def to_json(self) -> str:
        """Return the text of a recipe's file."""
        table = {
            "schema": SCHEMA,
            "name": self.name,
            "rewrites": list(self.rewrites),
            "layers": [
                {"layer": pattern, "form": treatment.form, "techniques": dict(treatment.techniques)}
                for pattern, treatment in self.layers
            ],
        }
        return json.dumps(table, indent=2, ensure_ascii=False) + "\n"
