from __future__ import annotations

import io
import logging
import sys

import pytest
from rich.console import Console

from edgeattn.commands import terminal as module
from edgeattn.commands.library_log import is_of_library
from edgeattn.commands.terminal import LogLines, Terminal, bars_on, working


def test_a_log_of_half_a_minute_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    with working() as progress:
        assert isinstance(progress, LogLines)
        progress.stage("capture")
        progress.step(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_log_gets_a_line_a_stage_and_one_in_half_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 1.0, 31.0, 60.9, 61.0, 120.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(module, "PAUSE", 30.0)
    with working() as progress:
        progress.stage("capture")
        progress.stage("search")
        progress.step(1, 40, "encoder.0")
        progress.step(2, 40, "encoder\x1b[2J.1")
        progress.stage("validate")
    assert capsys.readouterr() == ("", "search, 31 s\nsearch 2/40 encoder\\x1b[2J.1, 61 s\nvalidate, 120 s\n")


def test_what_a_model_prints_stays_off_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with working():
        print("loading weights")
    print("the result")
    assert capsys.readouterr() == ("the result\n", "loading weights\n")


def test_a_terminal_shows_each_stage() -> None:
    screen = io.StringIO()
    with bars_on(Console(file=screen, force_terminal=True, width=80), "{task.description}") as bars:
        terminal = Terminal(bars)
        terminal.stage("capture")
        terminal.stage("validate")
        terminal.step(1, 2, "timing encoder.0")
    assert "timing encoder.0" in screen.getvalue()
    assert "capture" in screen.getvalue()
    assert "validate" in screen.getvalue()


def test_a_terminal_on_stderr_gets_the_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with working() as progress:
        assert isinstance(progress, Terminal)


def test_what_libraries_log_is_kept_off_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    with working():
        logging.getLogger("onnxscript.optimizer").warning("skipping")
    assert capsys.readouterr() == ("", "")
    assert logging.getLogger().handlers == before


def test_verbose_shows_what_libraries_log(capsys: pytest.CaptureFixture[str]) -> None:
    with working(verbose=True):
        logging.getLogger("onnxscript.optimizer").warning("skipping")
    assert capsys.readouterr() == ("", "onnxscript.optimizer: WARNING: skipping\n")


@pytest.mark.parametrize(
    ("file", "is_library"),
    [
        ("/venv/lib/python3.11/site-packages/onnxscript/optimizer.py", True),
        ("/usr/lib/python3/dist-packages/numpy/core.py", True),
        ("/venv/lib/python3.11/site-packages/edgeattn_export/capture/proof.py", False),
        ("/home/me/model.py", False),
    ],
)
def test_a_file_of_a_library(file: str, is_library: bool) -> None:
    assert is_of_library(file) is is_library
