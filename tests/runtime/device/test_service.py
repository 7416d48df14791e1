"""A worker that the system ends is started again; one that an error ends is not, and the error is named."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from edgeattn_runtime.device import service
from edgeattn_runtime.device.frames import read_frame, write_frame
from edgeattn_runtime.device.peer import NOTE
from edgeattn_runtime.device.request import GraphSpec
from edgeattn_runtime.device.service import TIMES, Service
from edgeattn_runtime.fields import Field

BROKEN = "raise ModuleNotFoundError('No module named x')"
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def _reason(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> tuple[int, str]:
    """Return how often a worker was started for one request, and what a host reads of it."""
    starts = folder / "starts"
    counting = f"print('.', end='', file=open({str(starts)!r}, 'a')); {program}"
    monkeypatch.setattr(service, "_WORKER", ("-c", counting))
    request, answers = io.BytesIO(), io.BytesIO()
    write_frame(request, {"verb": "describe"})
    request.seek(0)
    with Service(folder / "files", 1 << 20, threads=1) as device:
        device.serve(request, answers)
    answers.seek(0)
    while (frame := read_frame(answers)) is not None and NOTE in frame[0]:
        pass
    assert frame is not None
    return len(starts.read_text()), frame[0]["reason"]


def test_an_error_is_raised_once_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times, reason = _reason(tmp_path, monkeypatch, BROKEN)
    assert (times, reason.count("\n")) == (1, 0)
    assert "ModuleNotFoundError: No module named x; install the runtime there again" in reason


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that ends a process")
def test_a_worker_that_is_killed_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times, reason = _reason(tmp_path, monkeypatch, KILLED)
    assert times == TIMES
    assert "export a smaller model, or measure on a larger device" in reason


GRAPH = {
    "name": "model.onnx",
    "files": {"model.onnx": "0" * 64},
    "providers": ["CPUExecutionProvider"],
    "options": {},
}
SETTINGS = {"spinning": False, "arena": True, "memory_pattern": True}


@pytest.mark.parametrize(("threads", "taken"), [(1, 1), (3, 3), (256, 3)])
def test_a_graph_gets_no_more_threads_than_there_are_cores(
    monkeypatch: pytest.MonkeyPatch, threads: int, taken: int
) -> None:
    """A device would never return from threads whose stacks it finds no memory for."""
    monkeypatch.setattr("edgeattn_runtime.bundle.session_settings.available_cores", lambda: 3)
    graph = GraphSpec.from_field(Field("graph", {**GRAPH, "settings": {**SETTINGS, "threads": threads}}))
    assert graph.settings.threads == taken
