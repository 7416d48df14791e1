from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from edgeattn.measure import tuning as module
from edgeattn.measure.cost import Way
from edgeattn.measure.tuning import choose_settings
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings

GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "good.edge" / "model.onnx"
INPUTS = [
    {"tokens": np.ones((1, length), np.int64), "mask": np.ones((1, length), np.float32)} for length in (2, 5)
]
CORES = 4
WINS, LOSES = "other", "current"


def _verdicts(monkeypatch: pytest.MonkeyPatch, *verdicts: str) -> list[tuple[object, object]]:
    """Script the comparisons; return what they will have been asked: threads, and the pause after a call."""
    asked: list[tuple[object, object]] = []

    def cheapest(ways: Mapping[str, Way], default: str, **asked_for: object) -> str:
        assert (set(ways), default) == ({"current", "other"}, "current")
        for way in ways.values():
            way.call()
        asked.append((asked_for["threads"], asked_for["pause"]))
        return verdicts[len(asked) - 1]

    monkeypatch.setattr(module, "cheapest", cheapest)
    return asked


def test_what_pays_is_kept_and_built_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _verdicts(monkeypatch, WINS, LOSES, WINS, LOSES, WINS)
    expected = SessionSettings(threads=2, spinning=True, memory_pattern=False)
    assert choose_settings(GRAPH, ORT_CPU, INPUTS, cores=CORES) == expected
    pause = module.SPIN_PAUSE
    assert asked == [(2, 0.0), (4, 0.0), (2, pause), (2, pause), (2, pause)]


def test_one_thread_does_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _verdicts(monkeypatch, LOSES, LOSES, LOSES, LOSES)
    assert choose_settings(GRAPH, ORT_CPU, INPUTS, cores=CORES) == PLAIN
    assert [threads for threads, _ in asked] == [2, 4, 1, 1]


def test_what_changes_an_answer_is_not_even_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _verdicts(monkeypatch)
    opened = Engine.file_runner

    class Off:
        """A runner whose answers are off by a bit."""

        def __init__(self, runner: SessionRunner) -> None:
            self._runner = runner

        def __call__(self, inputs: Inputs) -> dict[str, np.ndarray]:
            return {name: np.nextafter(y, np.float32(9)) for name, y in self._runner(inputs).items()}

    def file_runner(engine: Engine, path: Path, *, settings: SessionSettings = PLAIN) -> object:
        runner = opened(engine, path, settings=settings)
        return runner if settings == PLAIN else Off(runner)

    monkeypatch.setattr(Engine, "file_runner", file_runner)
    assert choose_settings(GRAPH, ORT_CPU, INPUTS, cores=CORES) == PLAIN
    assert asked == []


def test_a_measurement_without_a_script() -> None:
    found = choose_settings(GRAPH, ORT_CPU, INPUTS, cores=CORES)
    assert 1 <= found.threads <= CORES
