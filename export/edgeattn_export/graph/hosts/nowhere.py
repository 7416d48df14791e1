"""The host of engines that cannot run here: what is written for them is checked by rule alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError
from edgeattn_runtime.fields import Scalar
from edgeattn_runtime.settings import SessionSettings


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
        return f"not run here: it needs {self.needs}"

    def install(self) -> NoReturn:
        """Raise BadInput: there is nothing to install."""
        raise BadInput(f"{self.missing()}; nothing can be installed for it")

    def machine(self) -> NoReturn:
        """Raise IncompatibleRuntimeError."""
        raise IncompatibleRuntimeError(self.missing())

    def open(
        self,
        path: Path,  # noqa: ARG002
        *,
        providers: Sequence[str],  # noqa: ARG002
        options: Mapping[str, Scalar],  # noqa: ARG002
        settings: SessionSettings,  # noqa: ARG002
    ) -> NoReturn:
        """Raise IncompatibleRuntimeError."""
        raise IncompatibleRuntimeError(self.missing())
