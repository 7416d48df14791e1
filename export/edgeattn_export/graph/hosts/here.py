"""This process, with the onnxruntime that is installed beside edgeattn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeattn_export.graph.runner import SessionRunner
from edgeattn_runtime.fields import Scalar
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.session import open_session
from edgeattn_runtime.settings import SessionSettings


@dataclass(frozen=True, slots=True)
class Here:
    """The host of engines that this process can load."""

    emulated: bool = False

    def missing(self) -> None:
        """Return None: onnxruntime is a dependency."""

    def install(self) -> None:
        """Do nothing: all is there."""

    def machine(self) -> str:
        """Return this machine's name."""
        machine = Machine.here()
        return f"{machine}; onnxruntime {machine.versions['onnxruntime']}"

    def open(
        self,
        path: Path,
        *,
        providers: Sequence[str],
        options: Mapping[str, Scalar],
        settings: SessionSettings,
    ) -> SessionRunner:
        """Open a file; raises as ``open_session`` does."""
        return SessionRunner(open_session(path, providers=providers, options=options, settings=settings))


HERE = Here()
