"""A parameter that takes several inputs in one value, such as a dict of tensors, and how the value is built.

features = {"input_ids": t, "mask": u, "kind": "text"}
inputs                                                  input_ids: t, mask: u
form                                                    {"input_ids": Place, "mask": Place, "kind": "text"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from edgeattn_export.graph.tree import Path, leaves, mapped


@dataclass(frozen=True, slots=True)
class Place:
    """Where an input's tensor goes."""

    name: str


@dataclass(frozen=True, slots=True)
class Nested:
    """The value of a parameter, with places for its inputs.

    Attributes:
        form: Dicts, tuples and lists; what they hold is a ``Place``, or the same in every call.
    """

    form: object

    @classmethod
    def of(cls, value: object, names: Mapping[Path, str]) -> Nested:
        """Return the form of a value.

        Args:
            value: Dicts, tuples and lists of tensors and other things.
            names: The inputs' names, by where they are in the value.
        """
        return cls(mapped(value, lambda path, leaf: Place(names[path]) if path in names else leaf))

    def filled(self, tensors: dict[str, torch.Tensor]) -> object:
        """Return the value for one call, its inputs taken out of ``tensors``; its dicts and lists are new."""
        return mapped(self.form, lambda _, leaf: tensors.pop(leaf.name) if isinstance(leaf, Place) else leaf)

    @property
    def places(self) -> Mapping[Path, str]:
        """The inputs' names, by where they are in the value."""
        return {path: leaf.name for path, leaf in leaves(self.form) if isinstance(leaf, Place)}

    @property
    def constants(self) -> Mapping[Path, object]:
        """What is the same in every call, by where it is in the value."""
        return {path: leaf for path, leaf in leaves(self.form) if not isinstance(leaf, Place)}

    def __str__(self) -> str:
        """Name the inputs, and what is the same in every call."""
        inputs = ", ".join(self.places.values())
        same = ", ".join(f"{'.'.join(path)} ({value!r})" for path, value in self.constants.items())
        return f"the inputs {inputs}; the same in every call: {same}" if same else f"the inputs {inputs}"
