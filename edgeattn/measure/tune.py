"""What makes a bundle fast on a device beyond its graph: its session's options, and how rows are run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeattn.measure.session_choice import choose_settings
from edgeattn.measure.stacks import measure_stacks
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.quantize.parts import Parts
from edgeattn_runtime.manifest import MAIN_GRAPH
from edgeattn_runtime.many import Splitter
from edgeattn_runtime.rows import Rows
from edgeattn_runtime.settings import SessionSettings
from edgeattn_runtime.stacks import Stack

TRIED = 4  # inputs, from the smallest to the largest
SLOW = 0.1  # seconds, from which a call is tried on one input alone, of median size


@dataclass(frozen=True, slots=True)
class Tuned:
    """A variant's ``session``, None where it is left to the device, and ``stacks``, none without rows."""

    session: SessionSettings | None
    stacks: tuple[Stack, ...]


AS_IT_IS = Tuned(None, ())  # where nothing can be tuned: another host, or no host


def tune(parts: Parts, engine: Engine, inputs: Sequence[Inputs], rows: Rows | None) -> Tuned:
    """Measure what only a machine can tell, on the files that a device will open.

    Args:
        parts: The graphs to ship.
        engine: Of the target.
        inputs: Selection samples as the main graph sees them.
        rows: What is proven of its rows; None where nothing is.
    """
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        part = parts.graphs[MAIN_GRAPH]
        file = Path(folder) / f"{MAIN_GRAPH}{engine.format.suffix}"
        for name, content in engine.format.files(part.quantized.model, file.name).items():
            (Path(folder) / name).write_bytes(content)
        tried = stratified(inputs, 1 if _is_slow(engine.file_runner(file), inputs) else TRIED)
        settings = choose_settings(file, engine, tried)
        if rows is None:
            return Tuned(settings, ())
        splitter = Splitter(rows, part.graph, parts.symbols)
        alone = [row.arrays for arrays in tried for row in splitter.split(0, arrays)]
        model = engine.file_runner(file, settings=settings)
        return Tuned(
            settings,
            measure_stacks(rows, part.graph, parts.symbols, alone, model, threads=settings.threads),
        )


def _is_slow(model: Runner, inputs: Sequence[Inputs]) -> bool:
    (middle,) = stratified(inputs, 1)
    call = model.bind(middle)
    call()  # the first one also sets the session up
    start = time.thread_time()
    call()
    return time.thread_time() - start >= SLOW
