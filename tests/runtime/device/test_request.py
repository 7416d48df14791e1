from __future__ import annotations

import pytest

from edgeattn_runtime.device.request import GraphSpec
from edgeattn_runtime.fields import Field

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
