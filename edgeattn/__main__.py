"""The command `edgeattn`: whatever goes wrong on purpose ends here, as one line on stderr and an exit code.

Exit codes: 0 all is well, 1 a check failed, 2 bad input, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import gc
import io
import logging
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

from edgeattn.commands.library_log import is_of_library
from edgeattn.extras import needed_by
from edgeattn.interruption import Interruption, QuickExit, own_temporary_folder
from edgeattn_runtime.errors import EdgeAttnError
from edgeattn_runtime.legible import printable

# Of Python's garbage collector: imports and a capture make millions of objects, and nearly all of them stay.
# With fewer collections a draft takes 7 % less time.
COLLECTED_AFTER = (50_000, 20, 50)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: What follows ``edgeattn``; None takes them from the command line.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # where a terminal's encoding lacks a character
    with Interruption() as interruption:
        try:
            code = _run(arguments)
        except BaseException as error:
            # Libraries make errors of their own of an interrupt, numpy and onnxruntime amid their imports.
            if interruption.number is None and not isinstance(error, KeyboardInterrupt):
                raise
            return interruption.report()
        return code if interruption.number is None else interruption.report()


def command() -> int:
    """Run the command line of a process of its own, and return its exit code."""
    gc.set_threshold(*COLLECTED_AFTER)
    exit_ = QuickExit()
    exit_.code = main()
    return exit_.code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("always", category=UserWarning, module="edgeattn")
            warnings.showwarning = _show_warning
            with needed_by("the command edgeattn"):
                from edgeattn.commands.app import run
            with own_temporary_folder():
                return run(arguments)
    except EdgeAttnError as error:
        return _tell(error, error.exit_code)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _tell(
            f"{place}{error.strerror or error}; nothing is left half-written", EdgeAttnError.exit_code
        )


def _tell(message: object, exit_code: int) -> int:
    sys.stderr.write(f"edgeattn: {' '.join(str(message).split())}\n")
    return exit_code


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - of Python's own signature, as is line
    line: str | None = None,  # noqa: ARG001
) -> None:
    """Show a warning of edgeattn's or the user's code; a library's goes to the log."""
    if is_of_library(filename):
        logging.getLogger("py.warnings").warning(
            "%s:%s: %s: %s", filename, lineno, category.__name__, message
        )
    else:
        _tell(f"warning: {printable(str(message))}", 0)


if __name__ == "__main__":
    sys.exit(command())
