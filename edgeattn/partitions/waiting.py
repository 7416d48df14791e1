"""Waiting for workers as long as there are any, or may be again: Dask itself waits without end."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress
from typing import TypeVar

from distributed import Client, Future, as_completed

from edgeattn.partitions.cluster import hosts
from edgeattn_runtime.errors import EdgeAttnError

Found = TypeVar("Found")

PATIENCE = 600.0  # seconds in which there must be a worker again: one that ended imports PyTorch anew
LOOK = 5.0  # seconds between looks at whether there is one
AGAIN = "give the same command again: rows of a sweep that are done stay done"


def first_ended(client: Client, begun: Collection[Future[Found]]) -> Future[Found]:
    """Wait until one of some tasks has ended, well or not, and return it.

    Args:
        client: Of workers that declare the resource ``HOST``.
        begun: The tasks, at least one.

    Raises:
        EdgeAttnError: No worker has been there for ``PATIENCE`` seconds, or the scheduler was lost.
    """
    seen = time.monotonic()
    while True:
        with suppress(TimeoutError):
            ended: Future[Found] = next(as_completed(begun, loop=client.loop, timeout=LOOK))
            if ended.cancelled():
                raise EdgeAttnError(f"the scheduler was lost; start it, and {AGAIN}")
            return ended
        if hosts(client):
            seen = time.monotonic()
        elif time.monotonic() - seen > PATIENCE:
            raise EdgeAttnError(
                f"no worker with PyTorch is left, and none came in {PATIENCE:.0f} s; see why they ended, and "
                f"{AGAIN}"
            )
