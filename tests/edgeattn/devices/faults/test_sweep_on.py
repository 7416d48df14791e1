"""edgeattn sweep --on: a worker with PyTorch exports, a device without it measures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("dask_collected")

TINY = Path(__file__).parents[2] / "tiny.py"


def test_rows_are_measured_on_the_device_that_they_name(
    frail: Any, tmp_path: Path, ran: Callable[..., str], refused: Callable[..., str]
) -> None:
    asked = ("sweep", TINY, "--budget", "cosine=0.9", "--workers", "1", "-o", tmp_path / "out")
    frail.add("board")
    assert "device nowhere-invalid: cannot be reached" in refused(*asked, "--on", "nowhere.invalid")
    (row,) = json.loads(ran(*asked, "--on", "board", "--json"))["rows"]
    assert (row["device"], row["verdict"], row["reason"]) == ("board", "pass", "")
    assert row["latency_ms"] > 0
    assert row["speedup"] is None  # PyTorch is not there
