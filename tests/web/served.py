"""edgeattn serve as a process, and a phone that opens its address."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from browser import chromium

ROOT = Path(__file__).parents[2]
SERVE_AS = Path(__file__).with_name("serve_as.py")
RUNTIME = ROOT / "runtime" / "web"
SECONDS = 300  # that a server runs at most
_ADDRESS = re.compile(r"http://\S+/open/\S+")


@dataclass
class Served:
    """A server that runs.

    Attributes:
        said: What the terminal shows, line by line, as far as it was read.
    """

    process: subprocess.Popen[str]
    said: list[str]

    def address(self) -> str:
        """Wait for the next address."""
        return self.until(_ADDRESS)

    def until(self, pattern: re.Pattern[str]) -> str:
        """Wait for a line that a pattern is found in, and return what was found."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if found := pattern.search(line):
                return found[0]
        raise RuntimeError(f"the server ended: {''.join(self.said)}")

    def interrupt(self) -> int:
        """End it as Ctrl-C does, read what it still says, and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=60)
        self.said.append(rest)
        return self.process.returncode


@contextmanager
def served(bundle: Path, name: str | None = None) -> Iterator[Served]:
    """Serve a bundle while the block runs, to this machine alone or under another name; see serve_as.py."""
    command = ["-m", "edgeattn", "serve"] if name is None else [str(SERVE_AS), name]
    process = subprocess.Popen(
        [sys.executable, "-u", *command, str(bundle)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
    )
    watch = Timer(SECONDS, process.kill)  # so that nobody waits for a line that never comes
    watch.start()
    try:
        yield Served(process, [])
    finally:
        watch.cancel()
        process.kill()
        process.communicate()


def open_on_phone(address: str, **options: object) -> dict[str, Any]:
    """Open an address in headless Chromium with a phone's viewport; see phone.mjs."""
    given = {"modules": str(modules()), "executable": chromium(), **options}
    command = ["node", str(Path(__file__).with_name("phone.mjs")), address, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout))


def modules() -> Path:
    """Return where playwright-core is: with what runtime/web is built by."""
    subprocess.run([RUNTIME / "build-package"], check=True, capture_output=True)
    return RUNTIME / "node_modules"
