"""Where workers are: a scheduler of Dask's that answers."""

from __future__ import annotations

import asyncio
import os
import warnings
from concurrent.futures import ThreadPoolExecutor

from distributed import Client, Security
from distributed.versions import VersionMismatchWarning

from edgeattn.devices.on_device.scheduler import SECONDS, check_answers, no_answer

SCHEDULER_VARIABLE = "EDGEATTN_SCHEDULER"
HOST = "host"  # the resource of workers with the workshop


def named_scheduler(asked: str | None) -> str | None:
    """Return the scheduler that was asked for, or that $EDGEATTN_SCHEDULER names; None where neither does."""
    return asked or os.environ.get(SCHEDULER_VARIABLE) or None


def connect(scheduler: str) -> Client:
    """Connect to a scheduler, with what Dask's own configuration says of TLS.

    Args:
        scheduler: Such as tcp://host:8786.

    Raises:
        BadInput: As ``edgeattn.devices.on_device.scheduler.check_answers`` does.
    """
    with ThreadPoolExecutor(1) as apart:  # from a loop that runs in this thread, as a notebook's does
        apart.submit(asyncio.run, check_answers(scheduler, "client")).result()
    with warnings.catch_warnings():
        # A device has a Python and numpy of its own; what it is sent is plain data.
        warnings.simplefilter("ignore", VersionMismatchWarning)
        try:
            return Client(scheduler, security=Security(), timeout=SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise no_answer(scheduler, error) from error
