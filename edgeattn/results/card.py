"""What a model's author says of it for a hub, such as its license: plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeattn_runtime.errors import ModelError

_KEY = re.compile(r"[a-z][a-z0-9_-]*")
_OWN = ("library_name", "tags")


@dataclass(frozen=True, slots=True)
class Card:
    """The author's part of a bundle's README.

    Attributes:
        description: A paragraph; empty where nothing is said.
        metadata: By the names of Hugging Face's hub: license, language, datasets, base_model and others.
    """

    description: str = ""
    metadata: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    @property
    def license(self) -> str | None:
        """By its name on the hub, which is SPDX's in small letters; None where nothing is said."""
        stated = self.metadata.get("license")
        return stated if stated is None or isinstance(stated, str) else " AND ".join(stated)

    @classmethod
    def read(cls, table: Mapping[str, object]) -> Card:
        """Read a model file's ``card``.

        Raises:
            ModelError: A name or a value is not of the hub's kind, or one that edgeattn writes itself.
        """
        texts = {name: _texts(name, value) for name, value in table.items() if name != "description"}
        description = table.get("description", "")
        if not isinstance(description, str):
            raise ModelError(f"card: description is {type(description).__name__}, a text expected")
        return cls(" ".join(description.split()), texts)


def _texts(name: str, value: object) -> str | tuple[str, ...]:
    if not _KEY.fullmatch(name) or name in _OWN:
        raise ModelError(
            f"card: {name!r} found, a name that Hugging Face's hub reads expected, such as license"
        )
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise ModelError(f"card: {name} is {type(value).__name__}, a text or a list of texts expected")
