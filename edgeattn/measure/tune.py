"""What makes a bundle fast on a device beyond its graph: its session's options, and how rows are run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeattn.measure.session_choice import choose_settings
from edgeattn.measure.stacks import measure_stacks
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.quantize.parts import Parts
from edgeattn_runtime.manifest import MAIN_GRAPH
from edgeattn_runtime.many import Splitter
from edgeattn_runtime.rows import Rows
from edgeattn_runtime.settings import SessionSettings
from edgeattn_runtime.stacks import Stack
from edgeattn_runtime.turns import Clock, Rounds

TRIED = 4  # inputs, from the smallest to the largest
SLOW = 100.0  # milliseconds, from which a call is tried on one input alone, of median size
ONCE = Rounds(least=1, most=1, warmup=1)  # the first call also sets the session up


@dataclass(frozen=True, slots=True)
class Tuned:
    """A variant's ``session``, None where it is left to the device, and ``stacks``, none without rows."""

    session: SessionSettings | None
    stacks: tuple[Stack, ...]


AS_IT_IS = Tuned(None, ())  # where nothing can be tuned: another host, or no host


def tune(parts: Parts, engine: Engine, inputs: Sequence[Inputs], rows: Rows | None, *, cores: int) -> Tuned:
    """Measure what only a machine can tell, on the files that a device will open.

    Args:
        parts: The graphs to ship.
        engine: Of the target.
        inputs: Selection samples as the main graph sees them.
        rows: What is proven of its rows; None where nothing is.
        cores: Of the device.
    """
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        part = parts.graphs[MAIN_GRAPH]
        file = Path(folder) / f"{MAIN_GRAPH}{engine.format.suffix}"
        for name, content in engine.format.files(part.quantized.model, file.name).items():
            (Path(folder) / name).write_bytes(content)
        tried = stratified(inputs, 1 if _is_slow(file, engine, inputs) else TRIED)
        settings = choose_settings(file, engine, tried, cores=cores)
        if rows is None:
            return Tuned(settings, ())
        splitter = Splitter(rows, part.graph, parts.symbols)
        alone = [row.arrays for arrays in tried for row in splitter.split(0, arrays)]
        model = engine.file_runner(file, settings=settings)
        threads, turns = settings.threads, engine.host.turns
        stacks = measure_stacks(rows, part.graph, parts.symbols, alone, model, threads=threads, turns=turns)
        return Tuned(settings, stacks)


def _is_slow(file: Path, engine: Engine, inputs: Sequence[Inputs]) -> bool:
    (middle,) = stratified(inputs, 1)
    calls = {0: engine.file_runner(file).bind(middle)}
    ((milliseconds,),) = engine.host.turns(calls, Clock(), ONCE).values()
    return milliseconds >= SLOW
