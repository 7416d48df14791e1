"""What the terminal shows: the address as a QR code, a row for each device, and what was refused."""

from __future__ import annotations

import io
from collections import Counter

import segno
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeattn.report.devices import Device
from edgeattn.report.number_words import count, error, figure
from edgeattn.serve.address import Address
from edgeattn.serve.sessions import Sessions

NAME_LENGTH = 200  # characters of a device's name: a browser can make up longer ones
MOST_REASONS = 20  # that are kept apart: a browser can make up any number of them
_COLUMNS = {"golden": 6, "error": 7, "load, ms": 8, "threads: ms": 11}


class Screen:
    """Prints one event after the other, so that nothing scrolls away unread.

    The same refusal is printed the first, the tenth, the hundredth time: nobody can flood the terminal.
    """

    def __init__(self, console: Console, address: Address, sessions: Sessions) -> None:
        self._console = console
        self._address = address
        self._sessions = sessions
        self._refused: Counter[str] = Counter()
        self._devices = 0

    def welcome(self, name: str) -> None:
        """Say what is served, who can reach it, and where."""
        self._console.print(Text.assemble((name, "bold"), " is served until Ctrl-C."), soft_wrap=True)
        port = self._address.port
        if self._address.local:
            self._print(
                "Only this machine can reach it. --lan lets phones in the same network in; "
                f"adb reverse tcp:{port} tcp:{port} lets one on a cable in."
            )
        else:
            self._print(
                f"Every device in the network of {self._address.host} can reach port {port}. "
                "Whoever opens this address first sees the bundle.",
                "bold yellow",
            )
        self._show_address()

    def entered(self, client: str) -> None:
        """Say that a browser came in; the next one has another address."""
        self._print(f"A browser on {client} opened the page. The next one has another address:")
        self._show_address()

    def refused(self, client: str, reason: str) -> None:
        """Say what was refused."""
        if reason not in self._refused and len(self._refused) >= MOST_REASONS:
            reason = "refused for yet another reason"
        self._refused[reason] += 1
        times = self._refused[reason]
        if str(times).strip("0") == "1":  # 1, 10, 100 ...
            again = "" if times == 1 else f" ({times} times by now)"
            self._print(f"{client}: {reason}{again}", "dim")

    def device(self, device: Device, problem: str | None) -> None:
        """Show the row of a device, the first under a heading."""
        table = Table(box=None, pad_edge=False, show_header=self._devices == 0, expand=True)
        table.add_column("Device", ratio=1)
        for heading, width in _COLUMNS.items():
            table.add_column(heading, width=width, justify="right")
        ok = Text("pass", "green") if device.ok else Text("FAIL", "bold red")
        name = Text(device.name[:NAME_LENGTH])
        table.add_row(name, ok, error(device.error), figure(device.load_ms), _times(device))
        self._console.print(table)
        self._devices += 1
        if problem is not None:
            self._print(f"Not added to the report: {problem}", "bold yellow")

    def farewell(self) -> None:
        """Say what came of it."""
        self._print(f"Stopped. Results of {count(self._devices, 'device')} came.")

    def _show_address(self) -> None:
        entrance = self._address.entrance(self._sessions.token)
        if self._console.is_terminal:
            code = io.StringIO()
            segno.make(entrance, error="l", micro=False).terminal(code, border=2, compact=True)
            self._console.file.write(code.getvalue())
        self._print(entrance, "bold")

    def _print(self, words: str, style: str = "") -> None:
        self._console.print(Text(words, style, no_wrap=True, overflow="ignore"), soft_wrap=True)


def _times(device: Device) -> str:
    """Return the first golden sample's median time by number of threads, a line each."""
    (_, times), *_rest = device.p50
    return "\n".join(
        f"{threads}: {figure(time)}" for threads, time in zip(device.threads, times, strict=True)
    )
