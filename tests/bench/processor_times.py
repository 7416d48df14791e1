"""What a call costs a core, whatever else the machine does meanwhile.

The runners take turns of 32 calls in a row, as an app makes them: called one by one in turn, each finds the
caches full of another's weights. Translation's int8 gains nothing then, as its two graphs with a cache read
more code than the float export's one, and takes two thirds of its time in a row.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgeattn.measure.runners import runner_of_bundle, runners_of
from edgeattn.measure.side_by_side import SideBySide
from edgeattn.progress import Silent
from edgeattn.source import handover
from edgeattn_export.graph.samples import stratified
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.engine.compatibility import runnable
from edgeattn_runtime.timing.latency import take_turns

SAMPLES = 32  # in a turn at most, from the smallest to the largest
TURNS = 9


def processor_times(model: Path, bundle: Path) -> dict[str, float]:
    """Return the processor time of a call in ms, by runner, on one thread: the median of some turns."""
    files = open_bundle(bundle)
    variant, *_ = runnable(files.manifest)
    beside = SideBySide.of(handover.load(str(model)), files, variant, progress=Silent())
    int8 = runner_of_bundle(files, variant, threads=1)
    inputs = [sample.inputs for sample in beside.original.samples.evaluation]
    timed = stratified(inputs, min(SAMPLES, len(inputs)))
    turns = {
        name: in_a_row([runner.bind(arrays) for arrays in timed])
        for name, runner in runners_of(beside.original.captured, int8, threads=1).items()
    }
    found = take_turns(turns, processor_ms, rounds=TURNS, warmup=1)
    return {name: float(np.median(times)) / len(timed) for name, times in found.items()}


def in_a_row(calls: list[Callable[[], object]]) -> Callable[[], None]:
    """Return one turn, in which a model is called as an app calls it: again and again."""

    def turn() -> None:
        for call in calls:
            call()

    return turn


def processor_ms(turn: Callable[[], object]) -> float:
    """Return the processor time that a turn takes of this thread."""
    start = time.thread_time_ns()
    turn()
    return (time.thread_time_ns() - start) / 1e6
