"""What a bundle generates with where a caller says nothing: its entry in the manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeVar

from edgeattn_runtime.errors import BundleError, ModelError
from edgeattn_runtime.fields import Field

MOST_BEAMS = 8

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationDefaults:
    """Settings of ``generate_many`` by their names, as far as the bundle has them; None is not said."""

    start: tuple[int, ...] | None = None
    stop: tuple[int, ...] | None = None
    max_new_tokens: int | None = None
    num_beams: int | None = None
    length_penalty: float | None = None
    early_stopping: bool | Literal["never"] | None = None
    repetition_penalty: float | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None

    def __bool__(self) -> bool:
        return bool(self.to_table())

    def to_table(self) -> dict[str, object]:
        """Return what the manifest holds of it, in its order."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in named.items()
            if value is not None
        }

    def unless_drawn(self, temperature: float | None, num_beams: int | None) -> GenerationDefaults:
        """Return them without what stands against a caller's wish: beams draw nothing.

        Args:
            temperature: The caller's; above 0 it draws.
            num_beams: The caller's; above 1 it asks for beams.
        """
        if temperature is not None and temperature > 0:
            return replace(self, num_beams=None)
        return replace(self, temperature=None) if num_beams is not None and num_beams > 1 else self

    @classmethod
    def read(cls, table: Mapping[str, object]) -> GenerationDefaults:
        """Read what a model's author says.

        Raises:
            ModelError: A setting is unknown or out of its range, or beams are to draw.
        """
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}
        try:
            return cls.from_field(Field("generation", plain))
        except BundleError as error:
            raise ModelError(f"{error}; see runtime/README.md") from error

    @classmethod
    def from_field(cls, field: Field) -> GenerationDefaults:
        """Read the manifest's ``generation.defaults``.

        Raises:
            BundleError: There is no setting, one that is unknown or out of its range, or beams that draw.
        """
        table = field.record(optional=tuple(each.name for each in fields(cls)))
        if not table:
            raise field.refusal("at least one setting")

        def read(name: str, reader: Callable[[Field], _Value]) -> _Value | None:
            return reader(table[name]) if name in table else None

        defaults = cls(
            start=read("start", _tokens),
            stop=read("stop", _tokens),
            max_new_tokens=read("max_new_tokens", lambda each: each.integer(1)),
            num_beams=read("num_beams", lambda each: each.integer(1, MOST_BEAMS)),
            length_penalty=read("length_penalty", Field.number),
            early_stopping=read("early_stopping", _early_stopping),
            repetition_penalty=read("repetition_penalty", _above_zero),
            temperature=read("temperature", _temperature),
            top_k=read("top_k", lambda each: each.integer(1)),
            top_p=read("top_p", _share),
        )
        if (defaults.num_beams or 1) > 1 and defaults.temperature:
            raise table["temperature"].refusal("0 beside num_beams, as beams draw nothing,")
        return defaults


NO_DEFAULTS = GenerationDefaults()


def either(own: _Value | None, default: _Value | None) -> _Value | None:
    """Return what a caller says; where that is nothing, what the bundle says."""
    return default if own is None else own


def taken(own: _Value | None, default: _Value | None, neither: _Value) -> _Value:
    """Return what a caller says, else what the bundle says, else what holds where neither says it."""
    said = either(own, default)
    return neither if said is None else said


def _tokens(field: Field) -> tuple[int, ...]:
    return tuple(item.integer(0) for item in field.items(least=1))


def _early_stopping(field: Field) -> bool | Literal["never"]:
    if field.value == "never":
        return "never"
    if isinstance(field.value, bool):
        return field.value
    raise field.refusal('true, false or "never"')


def _above_zero(field: Field) -> float:
    number = field.number()
    if number <= 0:
        raise field.refusal("a number above 0")
    return number


def _temperature(field: Field) -> float:
    number = field.number()
    if number < 0:
        raise field.refusal("a number of at least 0")
    return number


def _share(field: Field) -> float:
    number = field.number()
    if not 0 < number <= 1:
        raise field.refusal("a number above 0 and at most 1")
    return number
