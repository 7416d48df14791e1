"""How often this device's worker ended in which request: one that ends it time and again is refused.

Dask counts the end of a worker against all tasks that wait for it, whichever was at work, and gives up those
that it has counted four times. The device refuses the one that was before that, and the others are done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from edgeattn_runtime.errors import BadInput

TIMES = 3  # that the worker may end in one request: once more, and Dask gives up all that wait


@dataclass(frozen=True, slots=True)
class Ends:
    """The request that is worked on, in a file that a worker leaves to the next one when it ends.

    Attributes:
        path: Of the file.
    """

    path: Path

    @contextmanager
    def counted(self, request: str) -> Iterator[None]:
        """Count it against a request if the worker ends inside.

        Args:
            request: What tells it from others, without spaces.

        Raises:
            BadInput: The worker has ended in it ``TIMES`` times in a row.
        """
        times = self._times(request)
        if times == TIMES:
            self.path.unlink()
            raise BadInput(
                f"its worker ended {times} times in this measurement, as it does where memory runs out; "
                "export a smaller model, or measure on a larger device"
            )
        with suppress(OSError):  # on a full disk nothing is counted
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(f"{request} {times + 1}")
        try:
            yield
        finally:
            self.path.unlink(missing_ok=True)

    def _times(self, request: str) -> int:
        try:
            begun, times = self.path.read_text().split()
        except (FileNotFoundError, ValueError):  # none was begun, or its file was cut short
            return 0
        return int(times) if begun == request else 0
