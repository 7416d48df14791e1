"""The engine that a variant runs in: its name, its oldest version, and its execution providers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn_runtime.fields import Field, Scalar

_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
_OF_FILES = re.compile("file|path|folder|dir", re.IGNORECASE)  # in the name of an option
_SEPARATOR = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What must be there to run a variant.

    Attributes:
        name: Such as "onnxruntime".
        version: The oldest that runs it, such as "1.23".
        providers: Execution providers in order, at least one.
        options: By the engine's own names; of onnxruntime see ``open_session``. None leads to a file, by
            which a bundle could read and write outside its folder, or load a library.
    """

    name: str
    version: str
    providers: tuple[str, ...]
    options: Mapping[str, Scalar]

    def __str__(self) -> str:
        return f"{self.name} {self.version} with {', '.join(self.providers)}"

    @classmethod
    def from_field(cls, field: Field) -> Engine:
        """Read a variant's ``engine``."""
        fields = field.record(*cls.__dataclass_fields__)
        return cls(
            name=fields["name"].text(),
            version=fields["version"].text(_VERSION, 'a version such as "1.23"'),
            providers=providers_of(fields["providers"]),
            options=options_of(fields["options"]),
        )


def providers_of(field: Field) -> tuple[str, ...]:
    """Read execution providers in order, at least one."""
    return tuple(item.text() for item in field.items(least=1))


def options_of(field: Field) -> dict[str, Scalar]:
    """Read options of an engine, of which none leads to a file."""
    return {name: _option(name, item) for name, item in field.table().items()}


def _option(name: str, field: Field) -> Scalar:
    value = field.scalar()
    if _OF_FILES.search(name) or (isinstance(value, str) and _SEPARATOR.search(value)):
        raise field.refusal("an option that leads to no file")
    return value
