from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from edgeattn.commands.terminal import Terminal, working
from edgeattn.progress import Silent


def test_where_nobody_watches_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with working() as progress:
        assert isinstance(progress, Silent)
        progress.stage("capture")
        progress.step(1, 2)
    assert capsys.readouterr() == ("", "")


def test_what_a_model_prints_stays_off_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with working():
        print("loading weights")
    print("the result")
    assert capsys.readouterr() == ("the result\n", "loading weights\n")


def test_a_terminal_shows_each_stage() -> None:
    screen = io.StringIO()
    with Terminal(Console(file=screen, force_terminal=True, width=80)) as terminal:
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
