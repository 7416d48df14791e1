"""What devices send: checked, shown, and kept in the report of the bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from edgeattn.additions import with_browser, with_report
from edgeattn.report.devices import Device
from edgeattn.results.bundle import read_report
from edgeattn.results.device import parse_result
from edgeattn_export.pack import save
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput


class DeviceResults:
    """Keeps each result in the bundle on disk, one after the other; what is served is a copy of it.

    Args:
        bundle: The folder whose report gains them.
        show: Shows a device, and why the report could not gain it; None where it did.
    """

    def __init__(self, bundle: Path, show: Callable[[Device, str | None], None]) -> None:
        self._bundle, self._show, self._lock = bundle, show, Lock()
        self._failed: set[str] = set()

    @property
    def failed(self) -> int:
        """On how many devices a golden output missed its tolerance."""
        return len(self._failed)

    def take(self, content: bytes) -> bool:
        """Check a result, add it to the report where that can be, and show it.

        Returns:
            Whether the report has it.

        Raises:
            BadInput: It is none, or of another bundle than that on disk.
        """
        with self._lock:
            files = open_bundle(self._bundle)
            result = parse_result(content, "the device's result", files)
            device = Device.of(result)
            if not device.ok:
                self._failed.add(device.name)
            problem = None
            try:
                report = with_browser(self._bundle, read_report(files), result)
                save(with_report(files, report), self._bundle)
            except (BadInput, OSError) as error:  # signed, full of results, or on a disk that takes no more
                problem = str(error)
            self._show(device, problem)
        return problem is None
