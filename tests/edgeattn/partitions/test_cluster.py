from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest
from distributed import Security
from distributed.comm.core import connect

from edgeattn.partitions.cluster import connected
from edgeattn.partitions.scheduler import HOST
from edgeattn_export.graph.temporary import process_folder

pytestmark = pytest.mark.usefixtures("dask_collected")


def test_a_worker_of_this_machine_keeps_its_memory_as_an_app_does() -> None:
    with connected(None, 1) as client:
        limit = client.submit(os.environ.get, "MALLOC_TRIM_THRESHOLD_", resources={HOST: 1})
        assert limit.result(timeout=300) is None


def test_a_worker_works_where_no_other_user_can_make_or_enter_anything() -> None:
    with connected(None, 1) as client:
        (worker,) = client.scheduler_info(n_workers=-1)["workers"].values()
        assert Path(worker["local_directory"]).is_relative_to(process_folder())
        assert stat.S_IMODE(process_folder().stat().st_mode) == stat.S_IRWXU


def test_a_stranger_on_this_machine_is_refused_by_a_local_cluster() -> None:
    with connected(None, 1) as client:
        info = client.scheduler_info(n_workers=-1)
        (worker,) = info["workers"].items()
        for address in (info["address"], worker[0], worker[1]["nanny"]):
            assert asyncio.run(_identity(address, client.security))
            for form in (address, address.replace("tls://", "tcp://")):
                with pytest.raises((OSError, ValueError)):  # TLS's, Dask's, and of plain bytes that came
                    asyncio.run(_identity(form, Security.temporary()))


async def _identity(address: str, security: Security) -> object:
    """Ask what is there, as every peer of a cluster does first."""
    arguments = security.get_connection_args("client")
    if address.startswith("tcp://"):
        arguments = {**arguments, "ssl_context": None, "require_encryption": False}
    comm = await connect(address, timeout=5, **arguments)
    try:
        await comm.write({"op": "identity", "reply": True})
        return await comm.read()
    finally:
        comm.abort()
