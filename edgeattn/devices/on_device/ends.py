"""How often this device's worker ended in which request: one that ends it time and again is refused.

Dask counts the end of a worker against all tasks that wait for it, whichever was at work, and gives up those
that it has counted four times. The device refuses the one that was before that, and the others are done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from edgeattn_runtime.errors import BadInput

TIMES = 3  # that the worker may end in one request: once more, and Dask gives up all that wait


@dataclass(frozen=True, slots=True)
class Ends:
    """The requests that are not done, in a file that a worker leaves to the next one when it ends.

    Attributes:
        path: Of the file: JSON, how often each was begun.
    """

    path: Path

    @contextmanager
    def counted(self, request: str) -> Iterator[None]:
        """Count it against a request if the worker ends inside.

        Args:
            request: What tells it from others.

        Raises:
            BadInput: The worker has ended in it ``TIMES`` times, whatever it did between.
        """
        others = self._begun()
        times = others.pop(request, 0)
        if times >= TIMES:
            self._write(others)
            raise BadInput(
                f"its worker ended {times} times in this measurement, as it does where memory runs out; "
                "export a smaller model, or measure on a larger device"
            )
        self._write({**others, request: times + 1})
        try:
            yield
        finally:
            self._write(others)

    def _begun(self) -> dict[str, int]:
        try:
            return {str(request): int(times) for request, times in json.loads(self.path.read_text()).items()}
        except (OSError, ValueError, AttributeError, TypeError):  # none was begun, or its file was cut short
            return {}

    def _write(self, begun: Mapping[str, int]) -> None:
        with suppress(OSError):  # on a full disk nothing is counted
            if begun:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_text(json.dumps(begun))
            else:
                self.path.unlink(missing_ok=True)
