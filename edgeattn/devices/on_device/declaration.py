"""What a device says of itself when it joins a scheduler."""

from __future__ import annotations

import time

import psutil

import edgeattn_runtime
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.session import available_providers

KEY = "edgeattn"  # among what Dask knows of a worker
RESOURCE = "device:"  # and the name: what a measurement takes, so that there is one at a time


def declaration(threads: int) -> dict[str, object]:
    """Return it: plain data.

    Args:
        threads: Intra-op threads that the search there is to time.
    """
    return {
        "runtime": edgeattn_runtime.__version__,
        "machine": Machine.here().to_table(),
        "providers": list(available_providers()),
        "threads": threads,
        "starting": time.time() - psutil.Process().create_time(),
    }
