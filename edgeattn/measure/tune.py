"""What makes a bundle fast on a device beyond its graph: its session's options, and how rows are run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeattn.judge.independence import Trial, independent_rows
from edgeattn.measure.runners import Arrays, Engine, Runner
from edgeattn.measure.session_choice import choose_settings
from edgeattn.measure.stacks import measure_stacks
from edgeattn_export.graph.serialize import model_files
from edgeattn_export.quantize.parts import Parts
from edgeattn_runtime.golden import Sample
from edgeattn_runtime.manifest import MAIN_GRAPH
from edgeattn_runtime.rows import Rows
from edgeattn_runtime.session import open_session
from edgeattn_runtime.settings import SessionSettings


@dataclass(frozen=True, slots=True)
class Tuned:
    """The manifest's ``session`` and ``rows``; no rows where they are not independent."""

    session: SessionSettings
    rows: Rows | None


def tune(parts: Parts, original: Runner, judged: Iterable[Arrays], golden: Sequence[Sample]) -> Tuned:
    """Measure what only a machine can tell, on the files that a device will open.

    Args:
        parts: The graphs to ship.
        original: The float model, by whose answers rows are independent or not.
        judged: Real inputs of the original.
        golden: Real inputs of the main graph, from the smallest to the largest.
    """
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        part = parts.graphs[MAIN_GRAPH]
        for name, content in model_files(part.quantized.model, part.graph.file).items():
            (Path(folder) / name).write_bytes(content)
        file = Path(folder) / part.graph.file
        settings = choose_settings(file, [sample.inputs for sample in golden])
        if parts.generation is not None:  # its main graph takes steps, not the samples
            return Tuned(settings, None)
        trial = Trial(part.graph, parts.symbols, list(judged), original)
        rows = independent_rows(trial)
        if rows is None:
            return Tuned(settings, None)
        model = Engine(open_session(file, settings=settings))
        stacks = measure_stacks(
            rows, part.graph, parts.symbols, trial.rows(rows), model, threads=settings.threads
        )
        return Tuned(settings, replace(rows, stacks=stacks))
