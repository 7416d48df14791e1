"""The device that a search measures on."""

from __future__ import annotations

import platform
from pathlib import Path

import onnxruntime


def device() -> str:
    """Name what times depend on: the processor and the engine."""
    return f"{_processor()}, onnxruntime {onnxruntime.__version__}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
