"""The options of a bundle's session, chosen by measurement on its own golden inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from edgeattn.measure.cost import Way, cheapest
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.settings import PLAIN, SessionSettings
from edgeattn_runtime.turns import Each, Turns

MARGIN = 0.03  # of the cost, that an option must save
PAUSE = 0.002  # seconds after a call, in which threads that spin still burn what an app pays for

Change = Callable[[SessionSettings], SessionSettings]


def choose_settings(graph: Path, engine: Engine, inputs: Sequence[Inputs], *, cores: int) -> SessionSettings:
    """Try one option after the other, and keep what is cheaper beyond the noise and changes no bit.

    Two options of onnxruntime are left out. ``session.set_denormal_as_zero`` holds for the whole process: its
    first session decides, and switches the arithmetic of the app's own thread for good.
    ``session.disable_prepacking`` saves memory, but makes int8 products slower by a fifth and more.

    Args:
        graph: The file that an app calls, with its weights beside it.
        engine: Opens it.
        inputs: Real ones of this graph, from the smallest to the largest.
        cores: Of the device.
    """
    chosen, current = PLAIN, engine.file_runner(graph)
    for change in _changes(cores):
        settings = change(chosen)
        if settings.spinning and settings.threads == 1:
            continue  # no thread waits for another
        other = engine.file_runner(graph, settings=settings)
        if _alike(current, other, inputs) and _pays(current, other, inputs, settings, engine.host.turns):
            chosen, current = settings, other
    return chosen


def _changes(cores: int) -> Iterator[Change]:
    threads = 2
    while threads <= cores:
        yield partial(replace, threads=threads)
        threads *= 2
    yield partial(replace, spinning=True)
    yield partial(replace, arena=False)
    yield partial(replace, memory_pattern=False)


def _alike(current: Runner, other: Runner, inputs: Sequence[Inputs]) -> bool:
    for arrays in inputs:
        expected, found = current(arrays), other(arrays)
        if not all(np.array_equal(expected[name], found[name], equal_nan=True) for name in expected):
            return False
    return True


def _pays(
    current: Runner, other: Runner, inputs: Sequence[Inputs], settings: SessionSettings, turns: Turns
) -> bool:
    runners = {"current": current, "other": other}
    ways = {name: Way(Each(tuple(map(runner.bind, inputs)))) for name, runner in runners.items()}
    pause = PAUSE if settings.spinning else 0.0
    threads = settings.threads
    best = cheapest(ways, "current", margin=MARGIN, threads=threads, pause=pause, turns=turns)
    return best == "other"
