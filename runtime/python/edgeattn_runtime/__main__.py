"""The command line of a device: ``python -m edgeattn_runtime run|check|bench|generate NAME.edge``.

Exit codes: 0 all is well, 1 a check failed, 2 bad input, told in one line on stderr, 130 interrupted.
"""

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
    from edgeattn_runtime.command_line import run

    try:
        signal.signal(signal.SIGINT, raising)
        return run(argv)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _stop(*_: object) -> NoReturn:
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
