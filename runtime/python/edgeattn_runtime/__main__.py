"""The command line of a device: ``python -m edgeattn_runtime run|check|bench|generate NAME.edge``.

Exit codes: 0 all is well, 1 a check failed, 2 bad input, told in one line on stderr, 130 interrupted.
"""

import sys
from collections.abc import Sequence

_INTERRUPTED = 130  # what a shell reports after Ctrl-C: 128 + SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        # Here, since importing numpy and onnxruntime takes long enough to be interrupted.
        from edgeattn_runtime.command_line import run

        return run(argv)
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
