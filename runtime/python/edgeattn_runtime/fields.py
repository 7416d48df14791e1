"""A JSON value that knows under which key it stands, so that every refusal names its key."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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

    def numbers(self) -> dict[str, float]:
        """Read an object of finite numbers."""
        return {name: item.number() for name, item in self.table().items()}

    def scalar(self) -> Scalar:
        """Read a text, a finite number, or true or false."""
        if isinstance(self.value, bool):
            return self.value
        return self.text() if isinstance(self.value, str) else self.number()

    def refusal(self, expected: str) -> BundleError:
        """Return the error that says what stands here and what should."""
        text = json.dumps(self.value)
        text = text if len(text) <= 60 else f"{text[:57]}..."
        return BundleError(f"{self.key or 'the manifest'}: {text} found, {expected} expected")


def parse(text: str) -> Field:
    """Parse a JSON text strictly: no key twice in an object, no NaN or Infinity.

    Raises:
        BundleError: The text is not such JSON.
    """
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
