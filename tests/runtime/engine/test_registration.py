from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import onnxruntime
import pytest

from edgeattn_runtime.engine import registration

LINES = b"Schema error: Trying to register schema with name Abs\n\nanother thread's line\n"


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    registration._register.cache_clear()
    yield
    registration._register.cache_clear()


def _noisy(monkeypatch: pytest.MonkeyPatch, version: str) -> list[bytes]:
    opened: list[bytes] = []

    def session(model: bytes, **_: object) -> None:
        opened.append(model)
        os.write(2, LINES)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(onnxruntime, "__version__", version)
    return opened


def test_lines_of_a_registration_are_left_out_and_no_others(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    opened = _noisy(monkeypatch, "1.21")
    registration.register_operators()
    registration.register_operators()
    sys.stderr.write("afterwards\n")
    assert capfd.readouterr().err == "another thread's line\nafterwards\n"
    assert len(opened) == 1


def test_other_releases_open_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = _noisy(monkeypatch, "1.32.0")
    registration.register_operators()
    assert opened == []


def test_its_graph_opens_here(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(onnxruntime, "__version__", "1.21")
    registration.register_operators()
    assert capfd.readouterr().err == ""
