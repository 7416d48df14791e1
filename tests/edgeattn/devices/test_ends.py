from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeattn.devices.on_device.ends import TIMES, Ends
from edgeattn_runtime.errors import BadInput


class _Worker:
    """Ends amid requests as one that is killed: what would follow is not run."""

    def __init__(self, ends: Ends) -> None:
        self._ends, self._kept = ends, list[Any]()

    def end_in(self, request: str) -> None:
        self._kept.append(self._ends.counted(request))
        self._kept[-1].__enter__()


def test_a_request_is_refused_once_the_worker_has_ended_in_it_too_often(tmp_path: Path) -> None:
    ends = Ends(tmp_path / "begun" / "requests.json")
    worker = _Worker(ends)
    for _ in range(TIMES):
        worker.end_in("a")
    with pytest.raises(BadInput, match=f"ended {TIMES} times in this measurement"), ends.counted("a"):
        pass
    with ends.counted("a"):  # asked anew
        pass


def test_another_request_between_changes_nothing(tmp_path: Path) -> None:
    ends = Ends(tmp_path / "requests.json")
    worker = _Worker(ends)
    for _ in range(TIMES):
        worker.end_in("a")
        with ends.counted("b"):
            pass
    with pytest.raises(BadInput, match=f"ended {TIMES} times"), ends.counted("a"):
        pass


def test_one_that_ends_well_counts_from_nothing(tmp_path: Path) -> None:
    ends = Ends(tmp_path / "requests.json")
    for _ in range(TIMES + 1):
        with ends.counted("a"):
            pass
    assert not ends.path.exists()


def test_a_file_that_was_cut_short_counts_nothing(tmp_path: Path) -> None:
    ends = Ends(tmp_path / "requests.json")
    ends.path.write_text('{"a": 3')
    with ends.counted("a"):
        pass
    assert not ends.path.exists()
