"""What a host is: it opens an ONNX file in an engine, and tells whether it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from edgeattn_export.graph.runner import Placed
from edgeattn_runtime.fields import Scalar
from edgeattn_runtime.settings import SessionSettings


class Host(Protocol):
    """One place where sessions run."""

    @property
    def emulated(self) -> bool:
        """Whether it emulates the device: then its answers count, and its times mean nothing."""

    def missing(self) -> str | None:
        """Say what is not installed, and the command that installs it; None where all is there."""

    def install(self) -> None:
        """Install what is missing, apart from edgeattn; raises BadInput where that fails."""

    def machine(self) -> str:
        """Return what runs its sessions, in words: the processor, or the emulator, and the engine's version.

        Raises:
            IncompatibleRuntimeError: What ``missing`` says.
        """

    def open(
        self,
        path: Path,
        *,
        providers: Sequence[str],
        options: Mapping[str, Scalar],
        settings: SessionSettings,
    ) -> Placed:
        """Open a file, whose weights may lie in files beside it.

        Raises:
            BundleError: The engine refuses it.
            IncompatibleRuntimeError: It is beyond the installed release, or the host itself is missing.
        """
