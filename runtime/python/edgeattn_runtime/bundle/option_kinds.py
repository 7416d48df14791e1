"""Kinds of options: what a value may be, whether a manifest, a caller or a command line says it."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar, Literal, Protocol, cast

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.fields import LARGEST, Field


class Kind(Protocol):
    """What the values of an option are; as a text, what an error expects of a command line.

    Attributes:
        metavar: What stands for a value in a command's help.
        is_repeated: Whether a command takes the option several times.
    """

    metavar: ClassVar[str]
    is_repeated: ClassVar[bool]

    def read(self, field: Field) -> object:
        """Read what a manifest holds; raises BundleError as a Field does."""

    def check(self, name: str, value: object) -> object:
        """Return a caller's value; raises InputError, whose message begins with ``name``."""

    def parse(self, text: str) -> object:
        """Return the value that a text spells; raises ValueError where it spells none of this kind."""


@dataclass(frozen=True, slots=True)
class Count:
    """An integer of at least ``least``, and at most ``most``."""

    least: int
    most: int | None = None
    metavar: ClassVar[str] = "N"
    is_repeated: ClassVar[bool] = False

    def __str__(self) -> str:
        return "an integer"

    def read(self, field: Field) -> int:
        """Read an integer within the bounds."""
        return field.integer(self.least, LARGEST if self.most is None else self.most)

    def check(self, name: str, value: object) -> int:
        """Return an integer of Python's or numpy's as Python's."""
        try:
            count = operator.index(value)  # type: ignore[arg-type]
        except TypeError as error:
            raise InputError(f"{name}: {value!r} found, an integer expected") from error
        if count < self.least or (self.most is not None and count > self.most):
            expected = f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"
            raise InputError(f"{name}: {count} found, {expected} expected")
        return count

    def parse(self, text: str) -> int:
        """Return an integer."""
        return int(text)


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number, within bounds where there are any."""

    above: float | None = None
    least: float | None = None
    most: float | None = None
    metavar: ClassVar[str] = "X"
    is_repeated: ClassVar[bool] = False

    def __str__(self) -> str:
        bounds = {"above": self.above, "of at least": self.least, "at most": self.most}
        words = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
        return f"a finite number {words}".rstrip()

    def read(self, field: Field) -> float:
        """Read a number within the bounds; an integer stays one."""
        number = field.number()
        if not self._allows(number):
            raise field.refusal(str(self))
        return number

    def check(self, name: str, value: object) -> float:
        """Return a number of Python's or numpy's as it is."""
        if not isinstance(value, Real) or isinstance(value, bool) or not self._allows(float(value)):
            raise InputError(f"{name}: {value!r} found, {self} expected")
        return cast("float", value)

    def parse(self, text: str) -> float:
        """Return a number."""
        return float(text)

    def _allows(self, number: float) -> bool:
        return (
            math.isfinite(number)
            and (self.above is None or number > self.above)
            and (self.least is None or number >= self.least)
            and (self.most is None or number <= self.most)
        )


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids; only where a vocabulary is known is it checked that they are in it."""

    metavar: ClassVar[str] = "1,2"
    is_repeated: ClassVar[bool] = False

    def __str__(self) -> str:
        return "token ids such as 1,2,3"

    def read(self, field: Field) -> tuple[int, ...]:
        """Read at least one id."""
        return tuple(item.integer(0) for item in field.items(least=1))

    def check(self, name: str, value: object) -> tuple[int, ...]:
        """Return what a list, a set, an array or an iterator holds."""
        try:
            return tuple(cast("Iterable[int]", value))
        except TypeError as error:
            raise InputError(f"{name}: token ids expected, such as [1, 2, 3] ({error})") from error

    def parse(self, text: str) -> tuple[int, ...]:
        """Return the ids between commas; none of an empty text."""
        return tuple(map(int, text.split(","))) if text else ()


@dataclass(frozen=True, slots=True)
class TokenSequences:
    """Several sequences of token ids."""

    metavar: ClassVar[str] = "5,2"
    is_repeated: ClassVar[bool] = True

    def __str__(self) -> str:
        return str(Tokens())

    def read(self, field: Field) -> tuple[tuple[int, ...], ...]:
        """Read at least one sequence."""
        return tuple(Tokens().read(item) for item in field.items(least=1))

    def check(self, name: str, value: object) -> tuple[tuple[int, ...], ...]:
        """Return the sequences."""
        if not isinstance(value, Iterable):
            kind = type(value).__name__
            raise InputError(f"{name}: {kind} found, a list of sequences of token ids expected")
        return tuple(Tokens().check(f"{name}[{i}]", each) for i, each in enumerate(value))

    def parse(self, text: str) -> tuple[int, ...]:
        """Return one sequence."""
        return Tokens().parse(text)


@dataclass(frozen=True, slots=True)
class Ending:
    """True, False or "never"."""

    metavar: ClassVar[str] = "true|false|never"
    is_repeated: ClassVar[bool] = False

    def __str__(self) -> str:
        return "true, false or never"

    def read(self, field: Field) -> bool | Literal["never"]:
        """Read true, false or "never"."""
        if field.value == "never":
            return "never"
        if isinstance(field.value, bool):
            return field.value
        raise field.refusal('true, false or "never"')

    def check(self, name: str, value: object) -> bool | Literal["never"]:
        """Return True, False or "never"."""
        if isinstance(value, bool):
            return value
        if value == "never":
            return "never"
        raise InputError(f"{name}: {value!r} found, True, False or 'never' expected")

    def parse(self, text: str) -> bool | str:
        """Return what one of the three words says."""
        if text not in self.metavar.split("|"):
            raise ValueError(text)
        return text if text == "never" else text == "true"
