"""How a signal ends a command, wherever its main thread is, and that nothing is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edgeattn.__main__ import main

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to one process")

PATIENCE = 300  # seconds, far beyond what any of them takes

# A command that has begun to write a bundle, and that keeps a folder in TMPDIR for a library.
COMMAND = """
import os, signal, sys, tempfile
from pathlib import Path
from edgeattn.__main__ import main
from edgeattn.commands import app
from edgeattn_runtime.bundle.replacement import staged

class Held:
    def __del__(self):
        os.write(2, b"taken apart, which may take seconds")

def works(_):
    with staged(Path({bundle!r})) as folder:
        (folder / "model.onnx").touch()
        os.mkdir(tempfile.mkdtemp() + "/x")
        {work}

if __name__ == "__main__":
    held = Held()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    app.run = works
    sys.exit(main([]))
"""
BEGUN = "print('begun', flush=True)"
IN_PYTHON = f"{BEGUN}; signal.pause()"
IN_A_LIBRARY = f"import hashlib; {BEGUN}; hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"
SWALLOWED = f"""
        import time
        {BEGUN}
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
"""
WITH_A_WORKER = """
        import hashlib, multiprocessing
        arguments = "sha256", b"", b"", 2**31 - 1
        worker = multiprocessing.get_context("spawn").Process(target=hashlib.pbkdf2_hmac, args=arguments)
        worker.start()
        print("begun", flush=True)
        hashlib.pbkdf2_hmac(*arguments)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a command writes; its TMPDIR is "tmp" in it."""
    (tmp_path / "tmp").mkdir()
    return tmp_path


def _begun(place: Path, work: str) -> subprocess.Popen[str]:
    """Start a command, and wait until it works."""
    script = place / "tmp.py"
    script.write_text(COMMAND.format(bundle=str(place / "x.edge"), work=work.strip()))
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "TMPDIR": str(place / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize("work", [IN_PYTHON, IN_A_LIBRARY, SWALLOWED, WITH_A_WORKER])
@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_ends_it_and_nothing_is_left(place: Path, work: str, number: int, word: str) -> None:
    process = _begun(place, work)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=PATIENCE)  # until a worker has closed its streams too
    assert (process.returncode, stderr) == (128 + number, f"edgeattn: {word}; nothing is left half-written\n")
    assert sorted(path.name for path in place.iterdir()) == ["tmp", "tmp.py"]
    assert not list((place / "tmp").iterdir())


def test_a_second_signal_keeps_it_from_no_cleaning(place: Path) -> None:
    work = f"""
        try:
            {BEGUN}
            signal.pause()
        finally:
            signal.raise_signal(signal.SIGINT)
            (folder / "model.onnx").unlink()
            os.write(1, b"cleaned")
    """
    process = _begun(place, work)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout) == (130, "cleaned")


def test_a_signal_that_its_starter_ignores_is_ignored(place: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", IGNORING], capture_output=True, text=True, check=False, cwd=place
    )
    assert (process.returncode, process.stdout, process.stderr) == (0, "goes on\n", "")


IGNORING = """
import signal, sys
from edgeattn.__main__ import main
from edgeattn.commands import app

def works(_):
    signal.raise_signal(signal.SIGHUP)
    print("goes on")
    return 0

signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
app.run = works
sys.exit(main([]))
"""


ENDING = """
import atexit, os, sys, threading
from edgeattn.__main__ import command
from edgeattn.commands import app

class Held:
    def __del__(self):
        os.write(2, b"taken apart, which may take seconds")

def works(_):
    atexit.register(print, "exit functions run")
    threading.Thread(target=print, args=["threads end"]).start()
    if {failing}:
        raise RuntimeError("unforeseen")
    return 1

held = Held()
app.run = works
sys.exit(command())
"""


@pytest.mark.parametrize("failing", [False, True])
def test_a_process_ends_before_its_objects_are_taken_apart(failing: bool) -> None:
    process = subprocess.run(
        [sys.executable, "-c", ENDING.format(failing=failing)], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stdout) == (1, "threads end\nexit functions run\n")
    assert ("RuntimeError: unforeseen" in process.stderr) == failing
    assert ("taken apart" in process.stderr) == failing


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_goes_nowhere_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "edgeattn", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert process.returncode != 0
    assert "No space left on device" in process.stderr


def test_a_command_leaves_its_caller_s_signals_and_tmpdir_as_they_were(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def state() -> object:
        return signal.getsignal(signal.SIGTERM), os.environ.get("TMPDIR"), tempfile.gettempdir()

    before = state()
    assert main(["--version"]) == 0
    assert state() == before
    assert capsys.readouterr().err == ""
