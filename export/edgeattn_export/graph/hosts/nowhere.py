"""The host of engines that cannot run here: what is written for them is only checked by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from edgeattn_export.graph.hosts.host import Host, Opening
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError


@dataclass(frozen=True, slots=True)
class Nowhere(Host):
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
