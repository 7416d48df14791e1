"""A Dask worker that performs verbs, one at a time, and the nanny that starts it again where it ends."""

from __future__ import annotations

import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

import dask
from distributed import Nanny, Security, Worker

from edgeattn.devices.on_device.declaration import KEY, RESOURCE, declaration
from edgeattn.devices.on_device.guard import guard
from edgeattn.devices.on_device.undisturbed import UNDISTURBED
from edgeattn.devices.on_device.verbs import FOLDER_VARIABLE, LIMIT_VARIABLE, files_of_device

# What others may ask of it; all else that Dask's workers and nannies answer is left out, such as running a
# function, a plug-in or an uploaded file.
ANSWERED = frozenset(
    {"identity", "connection_stream", "ping", "get_data", "free_keys", "keys", "versions", "terminate"}
)

# Of Dask, on a device: it measures, serves no page, and loads nothing that its configuration names.
QUIET = {
    **UNDISTURBED,
    "distributed.worker.http.routes": [],
    "distributed.nanny.preload": [],
    "distributed.worker.preload": [],
}


class DeviceWorker(Worker):
    """A worker whose tasks are verbs alone.

    Args:
        scheduler: Its address; a nanny gives it by name.
        threads: Intra-op threads that a search times.
        named: What else a worker takes.
    """

    def __init__(self, *scheduler: Any, threads: int, **named: Any) -> None:
        _begin()
        files_of_device().tidy()
        about = {KEY: lambda _: declaration(threads)}
        super().__init__(*scheduler, startup_information=about, **named)
        _restrict(self)

    async def plugin_add(self, *_: Any, **__: Any) -> Any:
        """Take no plug-in: it would be code."""
        return {"status": "OK"}


class DeviceNanny(Nanny):
    """Starts a device's worker, and again where it ends; takes what ``DeviceWorker`` takes."""

    def __init__(self, scheduler: str, *, threads: int, **named: Any) -> None:
        _begin()
        worker = partial(DeviceWorker, threads=threads)
        super().__init__(scheduler, worker_class=worker, config=QUIET, **named)
        _restrict(self)

    async def plugin_add(self, *_: Any, **__: Any) -> Any:
        """Take no plug-in: it would be code."""
        return {"status": "OK"}


def device_server(
    scheduler: str, *, name: str, threads: int, files: Path, limit_mb: float, nanny: bool
) -> DeviceWorker | DeviceNanny:
    """Return what makes this machine a device, to be entered.

    Args:
        scheduler: Its address.
        name: The device's.
        threads: Intra-op threads that a search times.
        files: The folder of what hosts send.
        limit_mb: Its size at most.
        nanny: Whether a process of its own starts the worker again where it ends.
    """
    os.environ[FOLDER_VARIABLE], os.environ[LIMIT_VARIABLE] = str(files), str(limit_mb)
    dask.config.set(QUIET)
    return (DeviceNanny if nanny else DeviceWorker)(
        scheduler,
        threads=threads,
        nthreads=1,
        name=name,
        resources={f"{RESOURCE}{name}": 1},
        local_directory=str(files),
        security=Security(),
    )


def _begin() -> None:
    """Restrict what this process unpickles, and silence Dask: what ends a device is told in a line."""
    guard()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)


def _restrict(server: Worker | Nanny) -> None:
    for name in list(server.handlers):
        if name not in ANSWERED:
            del server.handlers[name]
