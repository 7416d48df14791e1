"""A worker as its parent sees it: it may end, hang or take too much, and another one takes its place."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from figures import ACCEPTED, CRASHED, OVER_MEMORY, OVER_TIME, REFUSED, WRONG

SECONDS: Final = 10.0  # of processor time, for one input
PATIENCE: Final = 120.0  # seconds until a process hangs, on a busy machine too
BYTES: Final = 2**30  # beyond those that the process had before
_COMMAND: Final = (sys.executable, str(Path(__file__).with_name("trial.py")))
_OUTCOMES: Final = {"refused": REFUSED, "accepted": ACCEPTED, "wrong": WRONG, "foreign": CRASHED}


class Worker:
    """Tries cases in a process of its own.

    Args:
        command: What starts it; a test has others.
        patience: Seconds for one case.
    """

    def __init__(self, command: Sequence[str] = _COMMAND, patience: float = PATIENCE) -> None:
        self._command, self._patience = command, patience
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def attempt(self, case: Mapping[str, Any]) -> tuple[str, str]:
        """Return which column of the table a case belongs to, and what was said of it."""
        line = self._ask(json.dumps(case))
        if line is None:
            self._end()
            return OVER_TIME, f"hung for {self._patience:g} s"
        if not line:
            code = self._end()
            return CRASHED, f"its process ended with code {code}"
        reply = json.loads(line)
        if reply["seconds"] > SECONDS:
            return OVER_TIME, f"{reply['seconds']:.1f} s: {reply['message']}"
        if reply["bytes"] > BYTES:
            return OVER_MEMORY, f"{reply['bytes'] / 1e6:,.0f} MB: {reply['message']}"
        return _OUTCOMES[reply["outcome"]], reply["message"]

    def _ask(self, line: str) -> str | None:
        """Return the reply to a line; "" where the process ended, None where it hangs."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
        except BrokenPipeError:
            return ""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            return process.stdout.readline() if selector.select(self._patience) else None

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # libraries in Rust write of their panics there
                text=True,
            )
        return self._process

    def _end(self) -> int | None:
        """End the process; return its exit code, where it ended by itself."""
        process, self._process = self._process, None
        if process is None:
            return None
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        try:
            return process.wait(1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
