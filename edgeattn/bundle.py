"""What an export hands back: the model for the device, and the word on it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edgeattn.report.report import Report
from edgeattn_export.pack import Packed, save
from edgeattn_runtime.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Bundle:
    """An exported model, not yet on disk, and the report on it."""

    report: Report
    packed: Packed

    @property
    def manifest(self) -> Manifest:
        """All that the bundle says of itself."""
        return self.packed.manifest

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the folder, whole or not at all; a bundle that is there is replaced.

        Args:
            path: Such as ``sentence.edge``.

        Returns:
            The folder.

        Raises:
            BadInput: There is something at ``path`` that is no bundle; it is left as it is.
            OSError: The disk is full, or the folder cannot be written.
        """
        folder = Path(path)
        save(self.packed, folder)
        return folder
