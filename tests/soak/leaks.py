"""Long life: a million inferences and ten thousand loads, each kind in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from figures import Life

CONFORMANCE: Final = Path(__file__).parents[2] / "runtime" / "conformance" / "build"
INFERENCES: Final = 1_000_000  # of all kinds together, in a run of half an hour
LOADS: Final = 10_000


def live(seconds: float, share: float, digits: Path, core: Path) -> list[Life]:
    """Have processes live for long.

    Args:
        seconds: For all of them.
        share: Of half an hour that the whole soak takes: as large is the share of the counts.
        digits: An exported bundle.
        core: The library of the C++ core.
    """
    os.environ["EDGEATTN_CORE"] = str(core)
    inferences, loads = round(INFERENCES * share), round(LOADS * share)
    text, decoder = CONFORMANCE / "processed.edge", CONFORMANCE / "decoder.edge"
    lives = [
        ("digits: run", "run", digits, inferences * 4 // 10, 0.3),
        ("digits: run_many", "many", digits, inferences // 10, 0.1),
        ("text: prepare, run", "text", text, inferences * 2 // 10, 0.1),
        ("decoder: generate", "generate", decoder, inferences * 3 // 10, 0.2),
        ("digits: load, run, close", "load", digits, loads // 4, 0.1),
        ("text: load, run, close", "load", text, loads // 4, 0.05),
        ("decoder: load, run, close", "load", decoder, loads // 4, 0.05),
        ("decoder, C++: load, check, free", "core", decoder, loads // 4, 0.1),
    ]
    return [life(name, kind, bundle, count, part * seconds) for name, kind, bundle, count, part in lives]


def life(name: str, kind: str, bundle: Path, count: int, seconds: float) -> Life:
    """Return what a process held that did one of ``life.LIVES`` so often, or for so long."""
    command = [
        sys.executable,
        str(Path(__file__).with_name("life.py")),
        kind,
        str(count),
        str(seconds),
        str(bundle),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10 * seconds + 120, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"{name}: ended with code {ended.returncode}: {ended.stderr[-1000:]}")
    return Life(name, **json.loads(ended.stdout))
