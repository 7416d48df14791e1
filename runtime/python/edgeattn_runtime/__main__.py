"""The command line of a device: ``python -m edgeattn_runtime run|check|bench|generate NAME.edge``.

Exit codes: 0 all is well, 1 a check failed, 2 bad input, reported in one line on stderr, 130 interrupted.
Where the reader of its output leaves, as ``| head`` does, it ends by SIGPIPE as other programs do.
"""

import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

_INTERRUPTED = 130  # what a shell reports after Ctrl-C: 128 + SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # An exception amid their imports would come out of numpy and onnxruntime as an error of theirs.
    raising = signal.signal(signal.SIGINT, _stop)
    from edgeattn_runtime.commands.command_line import run

    try:
        signal.signal(signal.SIGINT, raising)
        return run(argv)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _stop(*_: object) -> NoReturn:
    os._exit(_INTERRUPTED)


def _open_stdout() -> None:
    """Let output end quietly where nobody reads it, and be escaped where its encoding lacks a character."""
    if hasattr(signal, "SIGPIPE"):  # not on Windows
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if not sys.stdout:  # closed by whoever started this
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as it runs
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    _open_stdout()
    sys.exit(main())
