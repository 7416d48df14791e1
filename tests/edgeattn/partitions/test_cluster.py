from __future__ import annotations

import os

import pytest

from edgeattn.partitions.cluster import connected
from edgeattn.partitions.scheduler import HOST

pytestmark = pytest.mark.usefixtures("dask_collected")


def test_a_worker_of_this_machine_keeps_its_memory_as_an_app_does() -> None:
    with connected(None, 1) as client:
        limit = client.submit(os.environ.get, "MALLOC_TRIM_THRESHOLD_", resources={HOST: 1})
        assert limit.result(timeout=300) is None
