"""Waiting for workers as long as there are any, or may be again: Dask itself waits without end."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress
from typing import TypeVar

from distributed import Client, Future, as_completed

from edgeattn.partitions.cluster import hosts
from edgeattn_runtime.errors import EdgeAttnError

Result = TypeVar("Result")

WORKER_PATIENCE = 600.0  # seconds in which there must be a worker again: one that ended imports PyTorch anew
LOOK_SECONDS = 5.0  # seconds between looks at whether there is one
AGAIN_HINT = "give the same command again: rows of a sweep that are done stay done"


def first_ended(client: Client, begun: Collection[Future[Result]]) -> Future[Result]:
    """Wait until one of some tasks has ended, well or not, and return it.

    Args:
        client: Of workers that declare the resource ``HOST``.
        begun: The tasks, at least one.

    Raises:
        EdgeAttnError: No worker has been there for ``WORKER_PATIENCE`` seconds, or the scheduler was lost.
    """
    last_seen = time.monotonic()
    while True:
        with suppress(TimeoutError):
            ended: Future[Result] = next(as_completed(begun, loop=client.loop, timeout=LOOK_SECONDS))
            if ended.cancelled():
                raise EdgeAttnError(f"the scheduler was lost; start it, and {AGAIN_HINT}")
            return ended
        if hosts(client):
            last_seen = time.monotonic()
        elif time.monotonic() - last_seen > WORKER_PATIENCE:
            raise EdgeAttnError(
                f"no worker with PyTorch is left, and none came in {WORKER_PATIENCE:.0f} s; see why they "
                f"ended, and {AGAIN_HINT}"
            )
