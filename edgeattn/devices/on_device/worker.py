"""A Dask worker that performs verbs, one at a time, and the nanny that starts it again where it ends."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import dask
from distributed import Nanny, Security, Worker

from edgeattn.devices.on_device.declaration import KEY, RESOURCE, declaration
from edgeattn.devices.on_device.guard import guard
from edgeattn.devices.on_device.verbs import FOLDER_VARIABLE, LIMIT_VARIABLE

# What others may ask of it; all else that Dask's workers and nannies answer is left out, such as running a
# function, a plug-in or an uploaded file.
ANSWERED = frozenset(
    {"identity", "connection_stream", "ping", "get_data", "free_keys", "keys", "versions", "terminate"}
)

# Of Dask, on a device that measures: nothing looks at its threads all the time, and no page is served.
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.http.routes": [],
    "distributed.nanny.preload": [],
    "distributed.worker.preload": [],
}


class DeviceWorker(Worker):
    """A worker whose tasks are verbs alone."""

    def __init__(self, *arguments: Any, threads: int, **named: Any) -> None:
        guard()
        about = {KEY: lambda _: declaration(threads)}
        super().__init__(*arguments, startup_information=about, **named)
        _restrict(self)

    async def plugin_add(self, *_: Any, **__: Any) -> Any:
        """Take no plug-in: it would be code."""
        return {"status": "OK"}


class DeviceNanny(Nanny):
    """Starts a device's worker, and again where it ends."""

    def __init__(self, scheduler: str, *, name: str, files: Path, limit_mb: float, threads: int) -> None:
        guard()
        os.environ[FOLDER_VARIABLE], os.environ[LIMIT_VARIABLE] = str(files), str(limit_mb)
        with dask.config.set(QUIET):
            super().__init__(
                scheduler,
                nthreads=1,
                name=name,
                resources={f"{RESOURCE}{name}": 1},
                worker_class=partial(DeviceWorker, threads=threads),
                local_directory=str(files),
                security=Security(),
                config=QUIET,
            )
        _restrict(self)

    async def plugin_add(self, *_: Any, **__: Any) -> Any:
        """Take no plug-in: it would be code."""
        return {"status": "OK"}


def _restrict(server: Worker | Nanny) -> None:
    for name in list(server.handlers):
        if name not in ANSWERED:
            del server.handlers[name]
