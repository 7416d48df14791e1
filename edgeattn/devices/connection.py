"""Where workers are: a scheduler of Dask's that answers."""

from __future__ import annotations

import os
import re

from distributed import Client, Security

from edgeattn_runtime.errors import BadInput

SCHEDULER_VARIABLE = "EDGEATTN_SCHEDULER"
SECONDS = 10.0  # in which a scheduler must answer
ADDRESS = re.compile(r"(tcp|tls)://[^/:\s]+:\d+")
HOST = "host"  # the resource of workers with the workshop


def named_scheduler(asked: str | None) -> str | None:
    """Return the scheduler that was asked for, or that $EDGEATTN_SCHEDULER names; None where neither does."""
    return asked or os.environ.get(SCHEDULER_VARIABLE) or None


def connect(scheduler: str) -> Client:
    """Connect to a scheduler, with what Dask's own configuration says of TLS.

    Args:
        scheduler: Such as tcp://host:8786.

    Raises:
        BadInput: An address of another form, or no scheduler answers there.
    """
    if not ADDRESS.fullmatch(scheduler):
        raise BadInput(f"scheduler {scheduler!r}: tcp://HOST:PORT or tls://HOST:PORT expected")
    try:
        return Client(scheduler, security=Security(), timeout=SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(
            f"scheduler {scheduler}: no answer in {SECONDS:.0f} s ({reason}); start one: dask scheduler"
        ) from error
