"""This process, with the onnxruntime that is installed with edgeattn."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn_export.graph.hosts.host import Host, Opening
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.timing.machine import Machine


@dataclass(frozen=True, slots=True)
class Here(Host):
    """The host of engines that this process can load."""

    emulated: bool = False

    def missing(self) -> None:
        """Return None: onnxruntime is a dependency."""

    def install(self) -> None:
        """Do nothing: all is there."""

    def machine(self) -> str:
        """Return this machine's name."""
        machine = Machine.here(kernels_here())
        return f"{machine}; onnxruntime {machine.versions['onnxruntime']}"

    def open(self, opening: Opening) -> SessionRunner:
        """Open a file; raises as ``open_session`` does."""
        return SessionRunner(
            open_session(
                opening.path,
                providers=opening.providers,
                options=opening.options,
                settings=opening.settings,
            )
        )


HERE = Here()
