"""What makes a bundle fast on a device beyond its graph: its session's options, and how rows are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Graph, Symbol
from edgeattn_runtime.bundle.rows import Rows, Stack, row_symbols
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings
from edgeattn_runtime.contract import bind
from edgeattn_runtime.engine.batching import Splitter, stacked
from edgeattn_runtime.timing.interleaved import Clock, Each, Rounds, Turns, timed
from edgeattn_runtime.timing.latency import Call, Name

TRIED_INPUTS = 4  # inputs, from the smallest to the largest
SLOW_CALL_MS = 100.0  # milliseconds, from which a call is tried on only one input, of median size
SETUP_ROUNDS = Rounds(least=1, most=1, warmup=1)  # the first call also sets the session up
SETTINGS_MARGIN = 0.03  # of the cost, that an option must save
SPIN_PAUSE = 0.002  # seconds after a call, in which threads that spin still burn what an app pays for
SettingsChange = Callable[[SessionSettings], SessionSettings]
ROWS_PER_CALL = (1, 2, 4, 8)  # rows in a call
MEASURED_SIZES = 4  # of rows measured at most, from the smallest to the largest
STACK_MARGIN = 0.05  # of a row's cost, that a stack must save: a single row's answer is a little more exact
COST_ROUNDS = Rounds(least=4, most=30, seconds=2.0, warmup=1)  # of one comparison
SURE_SHARE = 0.75  # of the rounds in which a way must beat the default by the margin


@dataclass(frozen=True, slots=True)
class Tuning:
    """A variant's ``session``, None where it is left to the device, and ``stacks``, none without rows."""

    session: SessionSettings | None
    stacks: tuple[Stack, ...]


UNTUNED = Tuning(None, ())  # where nothing can be tuned: another host, or no host


def tune(parts: Graphs, engine: Engine, inputs: Sequence[Inputs], rows: Rows | None, *, cores: int) -> Tuning:
    """Measure what depends on the machine, on the files that a device will open."""
    with temporary_folder() as folder:
        part = parts.graphs[MAIN_GRAPH]
        file = folder / f"{MAIN_GRAPH}{engine.format.suffix}"
        for name, content in engine.format.files(part.quantized.model, file.name).items():
            (folder / name).write_bytes(content)
        trials = stratified(inputs, 1 if _is_slow(file, engine, inputs) else TRIED_INPUTS)
        settings = choose_settings(file, engine, trials, cores=cores)
        if rows is None:
            return Tuning(settings, ())
        splitter = Splitter(rows, part.graph, parts.symbols)
        singles = [row.arrays for arrays in trials for row in splitter.split(0, arrays)]
        model = engine.file_runner(file, settings=settings)
        threads, turns = settings.threads, engine.host.turns
        stacks = measure_stacks(rows, part.graph, parts.symbols, singles, model, threads=threads, turns=turns)
        return Tuning(settings, stacks)


def _is_slow(file: Path, engine: Engine, inputs: Sequence[Inputs]) -> bool:
    (middle,) = stratified(inputs, 1)
    calls = {0: engine.file_runner(file).bind(middle)}
    ((milliseconds,),) = engine.host.turns(calls, Clock(), SETUP_ROUNDS).values()
    return milliseconds >= SLOW_CALL_MS


def choose_settings(graph: Path, engine: Engine, inputs: Sequence[Inputs], *, cores: int) -> SessionSettings:
    """Try one option after the other, and keep what is cheaper beyond the noise and changes no bit.

    Two options of onnxruntime are left out. ``session.set_denormal_as_zero`` holds for the whole process: its
    first session decides, and switches the arithmetic of the app's own thread for good.
    ``session.disable_prepacking`` saves memory, but makes int8 products slower by a fifth and more.
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


def _changes(cores: int) -> Iterator[SettingsChange]:
    threads = 2
    while threads <= cores:
        yield partial(replace, threads=threads)
        threads *= 2
    yield partial(replace, spinning=True)
    yield partial(replace, arena=False)
    yield partial(replace, memory_pattern=False)


def _alike(current: Runner, other: Runner, inputs: Sequence[Inputs]) -> bool:
    for arrays in inputs:
        expected, answer = current(arrays), other(arrays)
        if not all(np.array_equal(expected[name], answer[name], equal_nan=True) for name in expected):
            return False
    return True


def _pays(
    current: Runner, other: Runner, inputs: Sequence[Inputs], settings: SessionSettings, turns: Turns
) -> bool:
    runners = {"current": current, "other": other}
    ways = {name: Way(Each(tuple(map(runner.bind, inputs)))) for name, runner in runners.items()}
    pause = SPIN_PAUSE if settings.spinning else 0.0
    threads = settings.threads
    best = cheapest(ways, "current", margin=SETTINGS_MARGIN, threads=threads, pause=pause, turns=turns)
    return best == "other"


def measure_stacks(
    rows: Rows,
    graph: Graph,
    symbols: Mapping[str, Symbol],
    real: Iterable[Inputs],
    model: Runner,
    *,
    threads: int,
    turns: Turns = timed,
) -> tuple[Stack, ...]:
    """Return how many rows of which sizes to run in one call, from the smallest sizes to the largest.

    Args:
        rows: What is known of the model's rows.
        graph: Its contract.
        symbols: The bounds of its symbols.
        real: Real rows without their padding, as batches of one.
        model: The int8 model, opened as a device will.
        threads: How many it was opened with.
        turns: Times its calls where they run.
    """
    names, most = row_symbols(graph.inputs), symbols[rows.batch].max
    counts = [count for count in ROWS_PER_CALL if most is None or count <= most]
    measured: dict[tuple[int, ...], Stack] = {}
    for arrays in stratified(real, MEASURED_SIZES):
        bound = bind(graph.inputs, arrays)
        sizes = {name: bound[name] for name in names}
        if tuple(sizes.values()) not in measured:
            rows_per_call = _rows_per_call(arrays, counts, model, threads, turns)
            measured[tuple(sizes.values())] = Stack(sizes, rows_per_call)
    return tuple(_merged(measured.values()))


def _rows_per_call(arrays: Inputs, counts: Sequence[int], model: Runner, threads: int, turns: Turns) -> int:
    """Return how many rows to run in a call: more than two are tried only where two gain something."""
    few = counts[:2]
    for candidates in (few, counts) if len(counts) > len(few) else (few,):
        ways = {count: Way(model.bind(stacked([arrays] * count)), count) for count in candidates}
        best = cheapest(ways, 1, margin=STACK_MARGIN, threads=threads, turns=turns)
        if best == 1:
            break
    return best


def _merged(stacks: Iterable[Stack]) -> Iterable[Stack]:
    """Leave out what the next entry says as well, the last one being: beyond, one by one."""
    for stack, after in pairwise((*stacks, Stack({}, 1))):
        within = all(size <= after.sizes.get(name, size) for name, size in stack.sizes.items())
        if stack.rows != after.rows or not within:
            yield stack


@dataclass(frozen=True, slots=True)
class Way:
    """A call, and for how many answers it is: what it costs is shared among them."""

    call: Call
    answers: int = 1


def cheapest(
    ways: Mapping[Name, Way],
    default: Name,
    *,
    margin: float,
    threads: int = 1,
    pause: float = 0.0,
    turns: Turns = timed,
) -> Name:
    """Return the way that costs the least, as ``Clock`` has it, or the default where none beats it for sure.

    Args:
        ways: By name, the default among them.
        default: What stays where the others' advantage is below ``margin``, or is not seen in most rounds.
        margin: The share of the default's cost that a way must save.
        threads: The most that any way uses.
        pause: Seconds to wait after each call, for what its threads still burn.
        turns: Times the calls where they run.
    """
    calls = {name: way.call for name, way in ways.items()}
    costs = turns(calls, Clock("cost", threads, pause), COST_ROUNDS)
    shares = {name: np.array(rounds) / ways[name].answers for name, rounds in costs.items()}
    ratios = {name: rounds / shares[default] for name, rounds in shares.items()}  # round by round
    sure = [name for name, ratio in ratios.items() if np.quantile(ratio, SURE_SHARE) <= 1 - margin]
    return min(sure, key=lambda name: float(np.median(ratios[name])), default=default)
