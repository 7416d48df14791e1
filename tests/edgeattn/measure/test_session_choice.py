from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from edgeattn.measure import session_choice
from edgeattn.measure.cost import Way
from edgeattn.measure.session_choice import choose_settings
from edgeattn_runtime.settings import PLAIN, SessionSettings

GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "good.edge" / "model.onnx"
INPUTS = [
    {"tokens": np.ones((1, length), np.int64), "mask": np.ones((1, length), np.float32)} for length in (2, 5)
]
WINS, LOSES = "runner", "chosen"


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_choice, "available_cores", lambda: 4)


def _verdicts(monkeypatch: pytest.MonkeyPatch, *verdicts: str) -> list[tuple[int, float]]:
    """Script the comparisons; return what they will have been asked: threads, and the pause after a call."""
    asked: list[tuple[int, float]] = []

    def cheapest(ways: Mapping[str, Way], default: str, *, margin: float, threads: int, pause: float) -> str:
        assert (set(ways), default) == ({"chosen", "runner"}, "chosen")
        for way in ways.values():
            way.call()
        asked.append((threads, pause))
        return verdicts[len(asked) - 1]

    monkeypatch.setattr(session_choice, "cheapest", cheapest)
    return asked


@pytest.mark.usefixtures("four_cores")
def test_what_pays_is_kept_and_built_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _verdicts(monkeypatch, WINS, LOSES, WINS, LOSES, WINS)
    expected = SessionSettings(threads=2, spinning=True, memory_pattern=False)
    assert choose_settings(GRAPH, INPUTS) == expected
    pause = session_choice.PAUSE
    assert asked == [(2, 0.0), (4, 0.0), (2, pause), (2, pause), (2, pause)]


@pytest.mark.usefixtures("four_cores")
def test_one_thread_does_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _verdicts(monkeypatch, LOSES, LOSES, LOSES, LOSES)
    assert choose_settings(GRAPH, INPUTS) == PLAIN
    assert [threads for threads, _ in asked] == [2, 4, 1, 1]


def test_what_changes_an_answer_is_not_even_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _verdicts(monkeypatch)
    opened = session_choice.open_session

    class Off:
        """A session whose answers are off by a bit where an option is not the default."""

        def __init__(self, graph: Path, *, settings: SessionSettings) -> None:
            self._session, self._off = opened(graph, settings=settings), settings != PLAIN

        def __getattr__(self, name: str) -> object:
            return getattr(self._session, name)

        def run(self, *arguments: object) -> list[np.ndarray]:
            answers = self._session.run(*arguments)
            return [np.nextafter(answer, np.float32(9)) if self._off else answer for answer in answers]

    monkeypatch.setattr(session_choice, "open_session", Off)
    assert choose_settings(GRAPH, INPUTS) == PLAIN
    assert asked == []


def test_a_measurement_without_a_script() -> None:
    found = choose_settings(GRAPH, INPUTS)
    assert 1 <= found.threads <= session_choice.available_cores()
