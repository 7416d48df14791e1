"""Workers that end: what waits for them goes on, or says so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import Client, Future

from edgeattn.partitions import cluster
from edgeattn.partitions.cluster import connected, first_ended
from edgeattn.partitions.scheduler import HOST
from edgeattn_runtime.errors import EdgeAttnError

pytestmark = pytest.mark.usefixtures("dask_collected")

Scheduler = Any


def _end_once(begun: str) -> str:
    """End the worker, but not the one that comes after it."""
    path = Path(begun)
    if not path.exists():
        path.touch()
        os._exit(1)
    return "ended well"


def _submitted(client: Client) -> Future[str]:
    return client.submit(str, "found", pure=False, resources={HOST: 1})


def test_a_worker_here_that_ended_is_awaited_for_as_long_as_it_takes(tmp_path: Path) -> None:
    # Read where the worker ends: Dask closes a nanny after it, by default of 15 s.
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1 ms"}), connected(None, 1) as client:
        future = client.submit(_end_once, str(tmp_path / "begun"), resources={HOST: 1})
        assert first_ended(client, [future]).result() == "ended well"


def test_the_one_that_has_ended_is_returned() -> None:
    with connected(None, 1) as client:
        never = client.submit(str, resources={"nowhere": 1})
        ended = _submitted(client)
        assert first_ended(client, [never, ended]) is ended


def test_where_no_worker_is_left_it_says_so(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WORKER_PATIENCE", 3.0)
    with pytest.raises(EdgeAttnError, match=r"no worker with PyTorch is left, and none came in 3 s"):
        first_ended(scheduler.client, [_submitted(scheduler.client)])


def test_a_scheduler_that_ends_is_one_line(scheduler: Scheduler) -> None:
    future = _submitted(scheduler.client)
    scheduler.process.kill()
    with pytest.raises(EdgeAttnError, match="scheduler"):
        first_ended(scheduler.client, [future])
