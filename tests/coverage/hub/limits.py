"""What a family's process may take, and what the way in which it ends says."""

from __future__ import annotations

import faulthandler
import resource
import signal
from dataclasses import replace

from hub.outcome import Outcome

SECONDS = 300  # of CPU time, which does not depend on what else the machine does
MEMORY = 8 << 30  # bytes
PATIENCE = 1800  # seconds for a process that waits instead of computing
GRACE = 5  # seconds, to say where it was


def limit() -> None:
    """Limit this process."""
    faulthandler.register(signal.SIGXCPU, chain=True)  # its log tells what took so long
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + GRACE))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def ended(outcome: Outcome, code: int) -> Outcome:
    """Return what a process left, with the reason where it did not end by itself.

    Args:
        outcome: As it left it.
        code: With which it ended: that of a signal is negative.
    """
    match -code:
        case 0:
            return outcome
        case signal.SIGXCPU:
            reason = f"time-out: over {SECONDS} s of CPU time"
        case signal.SIGKILL:
            reason = f"killed: it took over {PATIENCE} s, or the machine has no memory left"
        case _:
            reason = f"its process ended with code {code}"
    return replace(outcome, fate="crashed", reason=reason)
