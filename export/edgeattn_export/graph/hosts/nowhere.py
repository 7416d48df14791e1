"""The host of engines that cannot run here: what is written for them is checked by rule alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from edgeattn_export.graph.hosts.host import Opening
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError
from edgeattn_runtime.timing.interleaved import Clock, Pace, Rounds
from edgeattn_runtime.timing.latency import Call, Name


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Where nothing runs.

    Attributes:
        needs: What would have to be there, such as "a Mac or an iPhone".
    """

    needs: str
    emulated: bool = False

    def missing(self) -> str:
        """Say what would have to be there."""
        return f"needs {self.needs}"

    def install(self) -> NoReturn:
        """Raise BadInput: there is nothing to install."""
        raise BadInput(f"{self.missing()}; nothing can be installed for it here")

    def machine(self) -> NoReturn:
        """Raise IncompatibleRuntimeError."""
        raise IncompatibleRuntimeError(self.missing())

    def open(self, _: Opening) -> NoReturn:
        """Raise IncompatibleRuntimeError."""
        raise IncompatibleRuntimeError(self.missing())

    def turns(self, _: Mapping[Name, Call], __: Clock, ___: Rounds) -> NoReturn:
        """Raise IncompatibleRuntimeError."""
        raise IncompatibleRuntimeError(self.missing())

    def race(self, _: Mapping[Name, Call], __: Pace) -> NoReturn:
        """Raise IncompatibleRuntimeError."""
        raise IncompatibleRuntimeError(self.missing())

    def races(self, _: Iterable[Mapping[Name, Call]], __: Clock, ___: Rounds) -> NoReturn:
        """Raise IncompatibleRuntimeError."""
        raise IncompatibleRuntimeError(self.missing())
