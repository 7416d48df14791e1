"""Where the rows of a sweep are worked on: processes of this machine, or a scheduler's workers."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from distributed import Client, LocalCluster, WorkerPlugin
from distributed.system import MEMORY_LIMIT

from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.settings import available_cores

HOST = "host"  # the resource that a worker with PyTorch declares
SECONDS = 10  # that a scheduler has to answer


@contextmanager
def connected(scheduler: str | None, workers: int | None = None) -> Iterator[Client]:
    """Yield a client of workers that have PyTorch.

    Args:
        scheduler: Its address, such as "tcp://10.0.0.5:8786"; None starts processes here.
        workers: How many of these; None takes half the cores, so that none slows what another measures.

    Raises:
        BadInput: The scheduler does not answer, or has no worker with PyTorch.
    """
    if scheduler is not None:
        with _client(scheduler) as client:
            _check_hosts(client, scheduler)
            yield client
        return
    count = workers or max(1, available_cores() // 2)
    with (
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=MEMORY_LIMIT // count,
            resources={HOST: 1},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(_Uninterrupted())
        yield client


def dashboard(client: Client) -> str | None:
    """Return the address of Dask's page on its work; None where bokeh, which draws it, is not installed."""
    return client.dashboard_link if find_spec("bokeh") else None


def machine_of(scheduler: str | None) -> str:
    """Return where rows are measured that name no device: here, or on whichever worker takes them."""
    return str(Machine.here()) if scheduler is None else f"a worker of {scheduler}"


class _Uninterrupted(WorkerPlugin):
    """Leaves Ctrl-C to the process that a person watches, which ends the workers."""

    name = "edgeattn-uninterrupted"

    def setup(self, worker: object) -> None:  # noqa: ARG002 - by the name that Dask calls it with
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _client(scheduler: str) -> Iterator[Client]:
    try:
        client = Client(scheduler, timeout=SECONDS)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"scheduler {scheduler}: does not answer in {SECONDS} s ({_reason(error)}); expected the "
            "address of a running one, such as tcp://10.0.0.5:8786; start it: dask scheduler"
        ) from error
    with client:
        yield client


def _check_hosts(client: Client, scheduler: str) -> None:
    known = client.scheduler_info(n_workers=-1)["workers"].values()
    if not any(HOST in worker["resources"] for worker in known):
        raise BadInput(
            f"scheduler {scheduler}: {len(known)} workers found, none of which declares the resource {HOST}; "
            f"start one that has edgeattn[export]: dask worker {scheduler} --nthreads 1 --resources {HOST}=1"
        )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
