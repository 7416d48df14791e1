"""A process that does one thing for long, and says what it has grown by: a line of JSON.

python life.py NAME COUNT SECONDS BUNDLE...
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Final

import numpy as np

import edgeattn_runtime
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import read_golden

WARM_UP: Final = 0.2  # of the time and of the count
STEPS: Final = 100  # between two looks at the clock
TOKENS: Final = 8
CHECKS: Final = 10  # of a model of the C++ core, each of all golden samples
LEAK: Final[list[bytes]] = []  # what a planted leak keeps

Turn = Callable[[], tuple[int, int]]


def run(bundle: Path) -> Turn:
    """Answer golden inputs, and refuse others."""
    net = edgeattn_runtime.load(bundle)
    samples = cycle([sample.inputs for sample in read_golden(net.files).samples])

    def turn() -> tuple[int, int]:
        for _ in range(10):
            net(**next(samples))
        try:
            net(nothing=np.zeros(1))
        except edgeattn_runtime.InputError:
            return 10, 0
        raise AssertionError("an input of no graph was taken")

    return turn


def many(bundle: Path) -> Turn:
    """Answer golden inputs at once."""
    net = edgeattn_runtime.load(bundle)
    samples = [sample.inputs for sample in read_golden(net.files).samples]
    return lambda: (len(net.run_many(samples)), 0)


def text(bundle: Path) -> Turn:
    """Tokenize texts, and answer them."""
    net = edgeattn_runtime.load(bundle)
    words = cycle(["the cat", "a dog and the cat", "the"])

    def turn() -> tuple[int, int]:
        net(**net.prepare(text=next(words)))
        return 1, 0

    return turn


def generate(bundle: Path) -> Turn:
    """Continue tokens, some to their end, some left midway."""
    net = edgeattn_runtime.load(bundle)
    lengths = cycle([TOKENS, TOKENS, 3])

    def turn() -> tuple[int, int]:
        count = next(lengths)
        tokens = edgeattn_runtime.generate(net, [1, 2, 3], max_new_tokens=TOKENS)
        for _ in range(count):
            next(tokens)
        return count, 0

    return turn


def load(bundle: Path) -> Turn:
    """Load a bundle, ask it once, and close it."""

    def turn() -> tuple[int, int]:
        with edgeattn_runtime.load(bundle) as net:
            net(**read_golden(net.files).samples[0].inputs)
        return 1, 1

    return turn


def core(bundle: Path) -> Turn:
    """Load a bundle by the C API of the library EDGEATTN_CORE, check it some times, and free it."""
    library = ctypes.CDLL(os.environ["EDGEATTN_CORE"])
    samples = open_bundle(bundle).manifest.golden.samples
    name = str(bundle).encode()

    def turn() -> tuple[int, int]:
        model, error = ctypes.c_void_p(), ctypes.c_void_p()
        status = library.edgeattn_load(name, None, ctypes.byref(model), ctypes.byref(error))
        for _ in range(CHECKS):
            results = ctypes.c_void_p()
            status = status or library.edgeattn_check(model, None, ctypes.byref(results), ctypes.byref(error))
            library.edgeattn_golden_results_free(results)
        library.edgeattn_model_free(model)
        if status:
            raise AssertionError(f"status {status}")
        return CHECKS * samples, 1

    return turn


def leak(bundle: Path) -> Turn:
    """Keep 100 kB a turn: what a soak must find."""

    def turn() -> tuple[int, int]:
        LEAK.append(os.urandom(100_000))
        return 1, 0

    return turn


LIVES: Final[Mapping[str, Callable[[Path], Turn]]] = {
    each.__name__: each for each in (run, many, text, generate, load, core, leak)
}


def lived(turn: Turn, count: int, seconds: float) -> dict[str, int]:
    """Take turns until there were so many inferences or loads, or the time is up."""
    start, inferences, loads = time.monotonic(), 0, 0
    before: dict[str, int] = {}
    while True:
        for _ in range(STEPS):
            made, loaded = turn()
            inferences, loads = inferences + made, loads + loaded
        share = max((time.monotonic() - start) / seconds, max(loads, inferences * (loads == 0)) / count)
        if not before and share > WARM_UP:
            before = _held()
        if share >= 1:
            break
    after = _held()
    before = before or after
    grown = {name: after[name] - before[name] for name in after}
    return {"inferences": inferences, "loads": loads, "resident": before["grown"], **grown}


def _held() -> dict[str, int]:
    """Return what this process holds: resident bytes, file descriptors and threads."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "grown": pages * os.sysconf("SC_PAGE_SIZE"),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": len(list(Path("/proc/self/task").iterdir())),
    }


def main(name: str, count: str, seconds: str, bundle: str) -> None:
    """Live, and print what was held."""
    print(json.dumps(lived(LIVES[name](Path(bundle)), int(count), float(seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
