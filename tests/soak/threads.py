"""One model, called by 32 threads at once: each answer is, to the bit, that of one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, Final

from figures import Threads

from edgeattn_runtime import Model, generate, load
from edgeattn_runtime.bundle.golden import read_golden

CONFORMANCE: Final = Path(__file__).parents[2] / "runtime" / "conformance" / "build"
COUNT: Final = 32
PROMPTS: Final = ([1, 2, 3], [4], [5, 6], [1, 2, 3, 4, 5, 6, 7])

Call = Callable[[], object]


def call_from_threads(seconds: float, digits: Path) -> list[Threads]:
    """Call models from many threads.

    Args:
        seconds: For all of them.
        digits: An exported bundle.
    """
    kinds = [("digits", digits)] + [
        (name, CONFORMANCE / f"{name}.edge") for name in ("good", "buckets", "decoder")
    ]
    rows = []
    for name, bundle in kinds:
        with load(bundle) as net:
            rows.append(compared(name, calls_of(net), seconds / len(kinds)))
    return rows


def calls_of(net: Model) -> list[Call]:
    """Return calls whose answers are compared by ``==``: each sample, all at once, and prompts."""
    samples = [sample.inputs for sample in read_golden(net.files).samples]
    calls: list[Call] = [lambda inputs=inputs: _bits(net(**inputs)) for inputs in samples]  # type: ignore[misc]
    calls.append(lambda: [_bits(answer) for answer in net.run_many(samples)])
    if net.manifest.generation is not None:
        calls += [
            lambda prompt=prompt: list(generate(net, prompt, max_new_tokens=8))  # type: ignore[misc]
            for prompt in PROMPTS
        ]
    return calls


def compared(name: str, calls: Sequence[Call], seconds: float) -> Threads:
    """Make calls from one thread, then from all at once until the time is up, and compare their answers."""
    expected = [call() for call in calls]
    together = Barrier(COUNT)
    end = time.monotonic() + seconds

    def thread(number: int) -> tuple[int, int]:
        together.wait()
        made = mismatches = 0
        while not made or time.monotonic() < end:
            place = (number + made) % len(calls)  # others call another at the same time
            mismatches += calls[place]() != expected[place]
            made += 1
        return made, mismatches

    with ThreadPoolExecutor(COUNT) as pool:
        counts = list(pool.map(thread, range(COUNT)))
    return Threads(name, COUNT, *(sum(column) for column in zip(*counts, strict=True)))


def _bits(arrays: Any) -> dict[str, tuple[tuple[int, ...], bytes]]:
    return {name: (array.shape, array.tobytes()) for name, array in arrays.items()}
