"""The check of a stranger's bundle, in a process of its own with limits on its memory and its time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edgeattn_runtime.errors import BundleError, EdgeAttnError

MEMORY: Final = 2**32  # bytes of addresses in addition to its files, which are mapped and unpacked
COPIES: Final = 4  # of its files that may be in memory at once
SECONDS: Final = 120
_ENDED: Final = 100  # is added to the exit code of a check that ended by itself: libraries exit with 1 too
_CODES: Final = range(3)  # of a check

_LIMITED = """
import ctypes, resource, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends with the process that started it
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from edgeattn_runtime.__main__ import main
sys.exit(int(sys.argv[2]) + main(sys.argv[3:]))
"""


def check_untrusted(bundle: Path, arguments: Sequence[str], *, seconds: float = SECONDS) -> int:
    """Run ``check`` with limits, and return its exit code; what it prints is printed.

    Raises:
        BundleError: It took longer, or its process was ended from outside, such as by a fault of memory.
        EdgeAttnError: This system limits no process.
    """
    if sys.platform == "win32":
        raise EdgeAttnError("--untrusted: Windows limits no process here; run it in a sandbox or a container")
    memory = MEMORY + COPIES * sum(_stored(path) for path in bundle.rglob("*") if path.is_file())
    command = [sys.executable, "-c", _LIMITED, str(memory), str(_ENDED), *arguments]
    try:
        ended = subprocess.run(command, timeout=seconds, check=False).returncode
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"{bundle}: its check took more than {seconds:g} s and was ended") from error
    if ended - _ENDED not in _CODES:
        how = f"signal {-ended}" if ended < 0 else f"code {ended}"
        raise BundleError(f"{bundle}: its check was cut short, by {how}; do not use it")
    return ended - _ENDED


def _stored(path: Path) -> int:
    """Return the bytes of a file that a disk holds: one with holes may say that it has any number."""
    status = path.stat()
    return min(status.st_size, 512 * status.st_blocks)
