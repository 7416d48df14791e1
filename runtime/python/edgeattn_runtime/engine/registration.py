"""Debian's onnxruntime 1.21 prints a line for each operator of ONNX that it registers twice; not here."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from tempfile import TemporaryFile
from threading import Lock

import onnxruntime

_IDENTITY = bytes.fromhex(  # y = Identity(x): a graph's first node has all operators registered
    "080812003a2b0a100a017812017922084964656e746974791201675a090a017812040a02080162090a017912040a0208014204"
    "0a001015"
)
_LINE = b"Schema error: "
_STDERR = 2
_LOCK = Lock()


def register_operators() -> None:
    """Have the operators registered, once a process; what others write to stderr meanwhile stays."""
    with _LOCK:
        _register()


@cache
def _register() -> None:
    if not onnxruntime.__version__.startswith("1.21"):
        return
    sys.stderr.flush()
    with suppress(OSError), TemporaryFile() as file:  # without a stderr, or a folder for files
        _register_into(file.fileno())
        file.seek(0)
        os.write(_STDERR, b"".join(line for line in file if line.strip() and _LINE not in line))


def _register_into(file: int) -> None:
    kept = os.dup(_STDERR)
    os.dup2(file, _STDERR)
    try:
        onnxruntime.InferenceSession(_IDENTITY, providers=["CPUExecutionProvider"])
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
