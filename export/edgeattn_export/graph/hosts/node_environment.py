"""An environment of npm packages, whose worker is plain Node: onnxruntime-web without a browser."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from edgeattn_export.graph.hosts.environment import LOCKS, folder_of, is_made, making, run_installer

_WORKER = Path(__file__).parent / "worker.mjs"


@dataclass(frozen=True, slots=True)
class NodeEnvironment:
    """A folder whose ``node_modules`` holds onnxruntime-web.

    Attributes:
        name: As the command line has it.
        packages: What it must have, each as ``NAME@RANGE``. npm installs the versions of its lock, and of
            them only files whose hashes are there.
    """

    name: str
    packages: tuple[str, ...]

    @property
    def modules(self) -> Path:
        """Where npm puts the packages."""
        return folder_of(self.name) / "node_modules"

    def missing(self) -> str | None:
        """Say that Node or a package is not there; None where all are."""
        if shutil.which("node") is None:
            return "no node on the PATH"
        made = is_made(self.name, self.packages)
        return None if made else f"no environment with {', '.join(self.packages)}"

    def install(self) -> None:
        """Make the folder, and install its packages; raises BadInput where that fails."""
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        with making(self.name, self.packages) as folder:
            (folder / "package.json").write_text(self.package_json(), encoding="utf-8")
            shutil.copy(LOCKS / f"{self.name}.json", folder / "package-lock.json")
            # Not by --prefix, which would also look there for the configuration of the machine.
            run_installer("npm", "ci", *quiet, folder=folder)

    def package_json(self) -> str:
        """Return what npm holds against the lock."""
        ranges = dict(package.rsplit("@", 1) for package in self.packages)
        return json.dumps({"name": self.name, "private": True, "dependencies": ranges}, indent=2) + "\n"

    def command(self) -> tuple[str, ...]:
        """Return the command that starts a worker."""
        return ("node", str(_WORKER), str(folder_of(self.name)))
