"""A JSON value that knows under which key it stands, and records that are read from such values.

Every refusal names its key.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from dataclasses import Field as DataclassField
from functools import cache, partial
from typing import Annotated, Any, ClassVar, Self, cast, get_args, get_origin, get_type_hints

from edgeattn_runtime.errors import BundleError

Scalar = str | float | bool

LARGEST = 2**53 - 1  # the largest integer that every JSON reader, JavaScript's too, keeps exact


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a JSON text, read by the methods that say what it must be.

    Every method raises BundleError, naming the key, when the value is something else.
    """

    key: str
    value: object

    def table(self) -> dict[str, Field]:
        """Read an object with any printable keys."""
        if not isinstance(self.value, dict) or not all(name.isprintable() for name in self.value):
            raise self.refusal("an object with printable keys")
        return {name: Field(f"{self.key}.{name}".lstrip("."), value) for name, value in self.value.items()}

    def record(self, *names: str, optional: Sequence[str] = ()) -> dict[str, Field]:
        """Read an object with exactly the keys ``names``, and any of ``optional``."""
        fields = self.table()
        for name in names:
            if name not in fields:
                raise BundleError(f"{f'{self.key}.{name}'.lstrip('.')}: missing")
        for name in fields:
            if name not in names and name not in optional:
                expected = ", ".join((*names, *optional))
                raise BundleError(f"{fields[name].key}: unknown key; expected {expected}")
        return fields

    def items(self, least: int = 0) -> tuple[Field, ...]:
        """Read an array of at least ``least`` items."""
        if not isinstance(self.value, list) or len(self.value) < least:
            raise self.refusal(f"an array of at least {least}" if least else "an array")
        return tuple(Field(f"{self.key}[{i}]", value) for i, value in enumerate(self.value))

    def text(self, pattern: re.Pattern[str] | None = None, meaning: str = "a printable text") -> str:
        """Read a string of at least one character, all printable, that ``pattern`` matches as a whole."""
        if not isinstance(self.value, str) or not self.value or not self.value.isprintable():
            raise self.refusal(meaning)
        if pattern and not pattern.fullmatch(self.value):
            raise self.refusal(meaning)
        return self.value

    def names(self) -> tuple[str, ...]:
        """Read an array of at least one text, each once."""
        names = tuple(item.text() for item in self.items(least=1))
        if repeated(names) is not None:
            raise self.refusal("each name once")
        return names

    def any_text(self) -> str:
        """Read a string of any characters, none among them too; a lone surrogate is none."""
        if not isinstance(self.value, str) or any("\ud800" <= c <= "\udfff" for c in self.value):
            raise self.refusal("a text")
        return self.value

    def integer(self, least: int, most: int = LARGEST) -> int:
        """Read an integer from ``least`` to ``most``."""
        if type(self.value) is not int or not least <= self.value <= most:
            expected = "2^53 - 1" if most == LARGEST else f"{most:,}"
            raise self.refusal(f"an integer from {least} to {expected}")
        return self.value

    def flag(self) -> bool:
        """Read true or false."""
        if not isinstance(self.value, bool):
            raise self.refusal("true or false")
        return self.value

    def number(self) -> float:
        """Read a finite number; an integer stays one, so that it is written back as it was."""
        if type(self.value) is int and abs(self.value) <= LARGEST:
            return self.value
        if type(self.value) is float and math.isfinite(self.value):
            return self.value
        raise self.refusal("a finite number")

    def scalar(self) -> Scalar:
        """Read a text, a finite number, or true or false."""
        if isinstance(self.value, bool):
            return self.value
        return self.text() if isinstance(self.value, str) else self.number()

    def numbers(self) -> dict[str, float]:
        """Read an object of finite numbers."""
        return {name: item.number() for name, item in self.table().items()}

    def above_zero(self) -> float:
        """Read a finite number above 0."""
        number = self.number()
        if number <= 0:
            raise self.refusal("a finite number above 0")
        return number

    def refusal(self, expected: str) -> BundleError:
        """Return the error that says what stands here and what should."""
        text = json.dumps(self.value)
        text = text if len(text) <= 60 else f"{text[:57]}..."
        return BundleError(f"{self.key or 'the manifest'}: {text} found, {expected} expected")


Reader = Callable[[Field], Any]


def integer(least: int, most: int = LARGEST) -> Reader:
    """Return a reader of an integer from ``least`` to ``most``."""
    return lambda field: field.integer(least, most)


def choice(*words: str, expected: str = "") -> Reader:
    """Return a reader of one of a few words; ``expected`` is what a refusal says in place of them."""
    *first, last = (f'"{word}"' for word in words)
    expected = expected or " or ".join(filter(None, (", ".join(first), last)))
    return partial(Field.text, pattern=re.compile("|".join(words)), meaning=expected)


def some(reader: Reader) -> Reader:
    """Return a reader of an array of at least one item."""
    return lambda field: tuple(reader(item) for item in field.items(least=1))


Natural = Annotated[int, integer(0)]
Positive = Annotated[int, integer(1)]
read_sha256 = partial(Field.text, pattern=re.compile("[0-9a-f]{64}"), meaning="64 lowercase hex digits")
Sha256 = Annotated[str, read_sha256]


class Record:
    """A dataclass that is an object of JSON, whose keys are its fields.

    A value is read by its type; the metadata of an ``Annotated`` one is its reader. A key whose default is
    None, or made by a factory, may be left out and is never null; else ``T | None`` is a T or null.

    Attributes:
        TAGS: Keys that stand before the fields, and their values; whoever chose the class has read them.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, DataclassField[Any]]]
    TAGS: ClassVar[Mapping[str, object]] = {}

    @classmethod
    @cache
    def _optional(cls) -> tuple[str, ...]:
        """Return the keys that may be left out."""
        return tuple(
            each.name for each in fields(cls) if each.default is None or each.default_factory is not MISSING
        )

    @classmethod
    @cache
    def _readers(cls) -> Mapping[str, Reader]:
        """Return by key what reads its value."""
        hints, optional = get_type_hints(cls, include_extras=True), cls._optional()
        return {
            each.name: _reader(hints[each.name], may_be_null=each.name not in optional)
            for each in fields(cls)
        }

    @classmethod
    def from_field(cls, field: Field) -> Self:
        """Read it; raises BundleError as a Field does."""
        readers, optional = cls._readers(), cls._optional()
        needed = [name for name in readers if name not in optional]
        values = field.record(*cls.TAGS, *needed, optional=optional)
        record = cls(**{name: reader(values[name]) for name, reader in readers.items() if name in values})
        record.check_values(values)
        return record

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check what ties one of its values to another; raises BundleError."""

    def to_table(self) -> dict[str, object]:
        """Return what JSON holds of it."""
        optional = self._optional()
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        left_out = [name for name in optional if values[name] in (None, {}, ())]
        return {**self.TAGS} | {name: _plain(value) for name, value in values.items() if name not in left_out}


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_table()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _reader(hint: Any, *, may_be_null: bool = True) -> Reader:
    """Return what reads a value of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        reader: Reader = arguments[1]
        return reader
    if type(None) in arguments:
        reader = _reader(arguments[0])
        return (lambda field: None if field.value is None else reader(field)) if may_be_null else reader
    if origin in (tuple, Sequence):
        item = _reader(arguments[0])
        return lambda field: tuple(map(item, field.items()))
    if origin is Mapping:
        value = _reader(arguments[1])
        return lambda field: {name: value(each) for name, each in field.table().items()}
    plain: dict[Any, Reader] = {
        str: Field.text,
        float: Field.number,
        bool: Field.flag,
        object: lambda field: field.value,
    }
    return plain[hint] if hint in plain else cast("Reader", hint.from_field)


def parse(text: str) -> Field:
    """Parse a JSON text strictly: no key twice in an object, no NaN or Infinity; raises BundleError."""
    try:
        return Field("", json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:
        raise BundleError(f"not valid JSON ({error}); copy the bundle again") from error


def repeated(names: Iterable[str]) -> str | None:
    """Return the first name that stood before; None where each stands once."""
    earlier: set[str] = set()
    for name in names:
        if name in earlier:
            return name
        earlier.add(name)
    return None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if (name := repeated(name for name, _ in pairs)) is not None:
        raise ValueError(f"key {name!r} stands twice in an object")
    return dict(pairs)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")
