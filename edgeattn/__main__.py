"""The command `edgeattn`: whatever goes wrong on purpose ends here, as one line on stderr and an exit code.

Exit codes: 0 all is well, 1 a check failed, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from edgeattn.extras import needed_by
from edgeattn_runtime.errors import EdgeAttnError

_INTERRUPTED = 130  # what a shell reports after Ctrl-C: 128 + SIGINT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: What follows ``edgeattn``; None takes them from the command line.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # where a terminal's encoding lacks a character
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("always", category=UserWarning, module="edgeattn")
            warnings.showwarning = _show_warning
            with needed_by("the command edgeattn"):
                with _interruptible():
                    from edgeattn.commands.app import run
                return run(arguments)
    except EdgeAttnError as error:
        return _tell(error, error.exit_code)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _tell(
            f"{place}{error.strerror or error}; nothing is left half-written", EdgeAttnError.exit_code
        )
    except KeyboardInterrupt:
        return _tell("interrupted; nothing is left half-written", _INTERRUPTED)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end the process: amid their imports numpy and onnxruntime would make an error of it."""
    raising = signal.signal(signal.SIGINT, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, raising)


def _stop(*_: object) -> NoReturn:
    os.write(sys.stderr.fileno(), b"edgeattn: interrupted; nothing is left half-written\n")
    os._exit(_INTERRUPTED)


def _tell(message: object, exit_code: int) -> int:
    sys.stderr.write(f"edgeattn: {' '.join(str(message).split())}\n")
    return exit_code


def _show_warning(message: Warning | str, *_where: object, **_more: object) -> None:
    _tell(f"warning: {message}", 0)


if __name__ == "__main__":
    sys.exit(main())
