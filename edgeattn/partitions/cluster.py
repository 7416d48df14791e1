"""Workers that have PyTorch, for as long as a command runs: processes of this machine, or a scheduler's."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TypeVar

import dask
from distributed import Client, Future, LocalCluster, Security, WorkerPlugin, as_completed
from distributed.system import MEMORY_LIMIT

from edgeattn.partitions.scheduler import HOST, connect
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_runtime.bundle.session_settings import available_cores
from edgeattn_runtime.errors import BadInput, EdgeAttnError

Result = TypeVar("Result")

WORKER_PATIENCE = 600.0  # seconds in which there must be a worker again: one that ended imports PyTorch anew
LOOK_SECONDS = 5.0  # seconds between looks at whether there is one
AGAIN_HINT = "give the same command again: rows of a sweep that are done stay done"

# In processes that measure, so that they take no longer than an app's own. Dask's sampling profiler stops a
# worker's thread every 10 ms, and keeps what lives in its frames alive. Each of its processes wakes up every
# 20 ms to see that it can. And its nannies set MALLOC_TRIM_THRESHOLD_, with which glibc maps an array of more
# than 128 KB anew each time, and its pages are cleared in the time that is measured: an MLP of PyTorch's then
# takes up to 2.6 times as long.
UNDISTURBED = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.nanny.pre-spawn-environ": {
        "OMP_NUM_THREADS": 1,
        "MKL_NUM_THREADS": 1,
        "OPENBLAS_NUM_THREADS": 1,
    },
}
# Dask closes a nanny whose worker has ended and is not back in 15 s; it may take longer to import PyTorch.
PATIENT = {"distributed.deploy.lost-worker-timeout": "1 day"}


@contextmanager
def connected(scheduler: str | None, workers: int | None = None) -> Iterator[Client]:
    """Yield a client of workers that have PyTorch; each takes one task at a time that asks for ``HOST``.

    Args:
        scheduler: Its address, such as "tcp://10.0.0.5:8786"; None starts processes here.
        workers: How many of these; None takes half the cores, so that none slows what another measures.

    Raises:
        BadInput: The scheduler does not answer, or has no worker with PyTorch.
    """
    if scheduler is None:
        with _local(workers or max(1, available_cores() // 2)) as client:
            yield client
        return
    with connect(scheduler) as client:
        _check_hosts(client, scheduler)
        yield client


def dashboard(client: Client) -> str | None:
    """Return the address of Dask's page on its work; None where bokeh, which draws it, is not installed."""
    return client.dashboard_link if find_spec("bokeh") else None


def hosts(client: Client) -> int:
    """Return how many workers with PyTorch there are now."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return sum(HOST in worker["resources"] for worker in workers)


def first_ended(client: Client, begun: Collection[Future[Result]]) -> Future[Result]:
    """Wait until one of some tasks has ended, well or not, and return it; Dask itself waits without end.

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


@contextmanager
def _local(count: int) -> Iterator[Client]:
    """Yield a client of processes here, behind TLS: whoever reaches their ports without its key is refused.

    Each cluster has a key of its own, in the memory of its processes, and a folder that no other user can
    make or enter: Dask's own has a name that all know, and its processes import modules from there.
    """
    with (
        _quiet(),
        temporary_folder() as folder,
        dask.config.set({**UNDISTURBED, **PATIENT, "temporary-directory": str(folder)}),
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",
            memory_limit=MEMORY_LIMIT // count,
            resources={HOST: 1},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(_Uninterrupted())
        yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log off the terminal, also where another library has put a handler at its root.

    And Python's word on the semaphores that interrupted workers leave to its resource tracker, a process that
    takes the options of this one.
    """
    sys.warnoptions.append("ignore:resource_tracker:UserWarning")
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


class _Uninterrupted(WorkerPlugin):
    """Leaves Ctrl-C to the process that a person watches, which ends the workers."""

    name = "edgeattn-uninterrupted"

    def setup(self, worker: object) -> None:  # noqa: ARG002 - by the name that Dask calls it with
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check_hosts(client: Client, scheduler: str) -> None:
    if not hosts(client):
        workers = client.scheduler_info(n_workers=-1)["workers"]
        raise BadInput(
            f"scheduler {scheduler}: {len(workers)} workers found, none of which declares the resource "
            f"{HOST}; start one that has edgeattn[export]: "
            f"dask worker {scheduler} --nthreads 1 --resources {HOST}=1"
        )
