"""An environment of Debian's packages, unpacked into a folder: nothing is installed, no root is needed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from edgeattn_export.graph.hosts.environment import boot, folder_of, is_made, making, run_installer

_PYTHON = "/usr/bin/python3"
_LIBRARIES = ("", "blas", "lapack")  # folders of a folder of the architecture, see Debian's alternatives


@dataclass(frozen=True, slots=True)
class DebianEnvironment:
    """Debian's Python, whose onnxruntime has execution providers that no wheel has.

    Attributes:
        name: As the command line has it.
        packages: What is unpacked: all that the machine may lack.
    """

    name: str
    packages: tuple[str, ...]

    def missing(self) -> str | None:
        """Say that it is not there; None where it is."""
        made = is_made(self.name, self.packages)
        return None if made else f"no environment with Debian's {self.packages[0]}"

    def install(self) -> None:
        """Download and unpack the packages; raises BadInput where apt-get or dpkg fails."""
        with making(self.name, self.packages) as folder:
            files = folder / "files"
            files.mkdir()
            run_installer("apt-get", "-qq", "download", *self.packages, folder=files)
            for file in sorted(files.glob("*.deb")):
                run_installer("dpkg", "-x", str(file), str(self._root))
            shutil.rmtree(files)

    def command(self) -> tuple[str, ...]:
        """Return the command, with the folders that Python and the loader look into."""
        (libraries,) = (self._root / "usr" / "lib").glob("*-linux-gnu*")
        packages = self._root / "usr" / "lib" / "python3" / "dist-packages"
        loaded = ":".join(str(libraries / each) for each in _LIBRARIES)
        return ("env", f"LD_LIBRARY_PATH={loaded}", f"PYTHONPATH={packages}", *boot(_PYTHON))

    @property
    def _root(self) -> Path:
        return folder_of(self.name) / "root"
