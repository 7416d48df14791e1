"""The command line as a process: how it ends when it is interrupted, unread, refused or shut out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgeattn_runtime import __main__
from edgeattn_runtime.commands import command_line


def test_interrupt(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "check", interrupted)
    assert __main__.main(["check", str(good)]) == 130


INTERRUPTED = """
import os, runpy, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv = ["edgeattn_runtime", "check", {bundle!r}]
runpy.run_module("edgeattn_runtime", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize(
    "module",
    ["argparse", "numpy", "numpy.linalg", "onnxruntime.capi.onnxruntime_pybind11_state", "safetensors"],
)
def test_interrupt_amid_the_imports(good: Path, module: str) -> None:
    code = INTERRUPTED.format(module=module, bundle=str(good))
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
@pytest.mark.parametrize("command", [("check", "good.edge"), ("generate", "decoder.edge", "--tokens=1")])
def test_a_reader_that_leaves_ends_it_quietly(conformance: Path, command: tuple[str, ...]) -> None:
    verb, bundle, *options = command
    reader, writer = os.pipe()
    os.close(reader)
    arguments = [sys.executable, "-m", "edgeattn_runtime", verb, str(conformance / bundle), *options]
    result = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (-signal.SIGPIPE, "")


@pytest.mark.skipif(os.name == "nt", reason="asks a shell")
def test_output_that_is_closed(good: Path) -> None:
    program = [sys.executable, "-m", "edgeattn_runtime", "check", str(good)]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *program]
    result = subprocess.run(closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_characters_that_the_output_lacks_are_escaped(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    program = [sys.executable, "-m", "edgeattn_runtime", "bench", str(good), "--rounds", "100"]
    result = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert r"\xb1" in result.stdout  # of ±1 %


def test_a_folder_one_may_not_read(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(good))

    monkeypatch.setattr(command_line, "check", forbidden)
    assert __main__.main(["check", str(good)]) == 2
    assert "Permission denied" in capsys.readouterr().err
