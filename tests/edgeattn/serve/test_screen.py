from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from edgeattn.report.devices import Device
from edgeattn.serve.address import LOOPBACK, Address
from edgeattn.serve.screen import MOST_REASONS, Screen
from edgeattn.serve.sessions import Sessions
from edgeattn_runtime.timing.benchmark import DeviceBenchmark


class Shown:
    """A screen, and the text on it."""

    def __init__(self, host: str = LOOPBACK, *, terminal: bool = False) -> None:
        self._file = io.StringIO()
        self.sessions = Sessions()
        console = Console(file=self._file, width=100, force_terminal=terminal, no_color=True, markup=False)
        self.screen = Screen(console, Address(host, 8000), self.sessions)

    @property
    def text(self) -> str:
        return self._file.getvalue()


@pytest.fixture
def shown() -> Shown:
    return Shown()


def test_who_can_reach_it_is_said() -> None:
    near, far = Shown(), Shown("192.0.2.7")
    near.screen.welcome("tiny.edge")
    far.screen.welcome("tiny.edge")
    assert "Only this machine can reach it" in near.text
    assert "Every device in the network of 192.0.2.7 can reach port 8000" in far.text
    assert f"http://192.0.2.7:8000/open/{far.sessions.token}" in far.text


def test_a_terminal_shows_a_code(shown: Shown) -> None:
    terminal = Shown(terminal=True)
    terminal.screen.welcome("tiny.edge")
    shown.screen.welcome("tiny.edge")
    assert "▀" in terminal.text
    assert "▀" not in shown.text  # a file gets the address alone


def test_the_next_browser_is_shown_another_address(shown: Shown) -> None:
    shown.screen.welcome("tiny.edge")
    shown.sessions.admit(shown.sessions.token)
    shown.screen.entered("192.0.2.8")
    assert shown.text.count("/open/") == 2
    assert shown.text.rstrip().endswith(shown.sessions.token)


def test_a_device_is_a_row_under_one_heading(shown: Shown, device: DeviceBenchmark) -> None:
    failed = Device.of(device)
    passed = replace(failed, name="Pixel 9", ok=True, error=0.0512)
    shown.screen.device(failed, None)
    shown.screen.device(passed, "signed")
    assert shown.text.count("Device") == 1
    heading, *rows = shown.text.splitlines()
    assert "error" in heading
    first, second = rows[0], next(row for row in rows if "Pixel" in row)
    assert "FAIL" in first
    assert "1: 0.754" in first
    assert "pass" in second
    assert "0.05120" in second
    assert "Not added to the report: signed" in shown.text
    shown.screen.farewell()
    assert "2 devices" in shown.text


def test_a_flood_is_told_in_few_lines(shown: Shown) -> None:
    for _ in range(2000):
        shown.screen.refused("192.0.2.9", "no file 'wp-login.php'")
    assert shown.text.count("wp-login") == 4  # 1, 10, 100, 1000
    assert "(1000 times by now)" in shown.text


def test_a_flood_of_made_up_reasons_is_told_in_few_lines(shown: Shown) -> None:
    for i in range(2000):
        shown.screen.refused("192.0.2.9", f"no file '{i}'")
    assert len(shown.text.splitlines()) == MOST_REASONS + 4  # 1, 10, 100, 1000 others
    assert "another reason (1000 times by now)" in shown.text
