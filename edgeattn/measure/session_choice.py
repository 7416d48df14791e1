"""The options of a bundle's session, chosen by measurement on its own golden inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from edgeattn.measure.cost import Way, cheapest
from edgeattn.measure.runners import Arrays, Call, Engine
from edgeattn_runtime.session import open_session
from edgeattn_runtime.settings import PLAIN, SessionSettings, available_cores

MARGIN = 0.03  # of the cost, that an option must save
PAUSE = 0.002  # seconds after a call, in which threads that spin still burn what an app pays for

Change = Callable[[SessionSettings], SessionSettings]


def choose_settings(graph: Path, inputs: Sequence[Arrays]) -> SessionSettings:
    """Try one option after the other, and keep what is cheaper beyond the noise and changes no bit.

    Two options of onnxruntime are left out. ``session.set_denormal_as_zero`` holds for the whole process: its
    first session decides, and switches the arithmetic of the app's own thread for good.
    ``session.disable_prepacking`` saves memory, but makes int8 products slower by a fifth and more.

    Args:
        graph: The file that an app calls, with its weights beside it.
        inputs: Real ones of this graph, from the smallest to the largest.
    """
    chosen, engine = PLAIN, _open(graph, PLAIN)
    for change in _changes(available_cores()):
        settings = change(chosen)
        if settings.spinning and settings.threads == 1:
            continue  # no thread waits for another
        runner = _open(graph, settings)
        if _alike(engine, runner, inputs) and _pays(engine, runner, inputs, settings):
            chosen, engine = settings, runner
    return chosen


def _changes(cores: int) -> Iterator[Change]:
    threads = 2
    while threads <= cores:
        yield partial(replace, threads=threads)
        threads *= 2
    yield partial(replace, spinning=True)
    yield partial(replace, arena=False)
    yield partial(replace, memory_pattern=False)


def _open(graph: Path, settings: SessionSettings) -> Engine:
    return Engine(open_session(graph, settings=settings))


def _alike(engine: Engine, runner: Engine, inputs: Sequence[Arrays]) -> bool:
    for arrays in inputs:
        expected, found = engine(arrays), runner(arrays)
        if not all(np.array_equal(expected[name], found[name], equal_nan=True) for name in expected):
            return False
    return True


def _pays(engine: Engine, runner: Engine, inputs: Sequence[Arrays], settings: SessionSettings) -> bool:
    ways = {name: Way(_each(model, inputs)) for name, model in (("chosen", engine), ("runner", runner))}
    pause = PAUSE if settings.spinning else 0.0
    return cheapest(ways, "chosen", margin=MARGIN, threads=settings.threads, pause=pause) == "runner"


def _each(engine: Engine, inputs: Sequence[Arrays]) -> Call:
    calls = [engine.bind(arrays) for arrays in inputs]

    def run() -> None:
        for call in calls:
            call()

    return run
