"""How much memory graphs take that are not yet a bundle: weighed as the bundle that they would be."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from edgeattn.measure.place import Place
from edgeattn.measure.threads import THREADS
from edgeattn_export.pack import Label, Made, pack, save
from edgeattn_export.quantize.parts import Parts
from edgeattn_export.targets import Target
from edgeattn_runtime.golden import Sample


def memory_of(parts: Parts, target: Target, golden: Iterable[Sample], place: Place) -> float:
    """Return the memory of a process that runs graphs, in MB (10^6 bytes).

    Args:
        parts: The graphs.
        target: What they are for.
        golden: What is run.
        place: Where it is run.

    Raises:
        BudgetError: This system does not tell a process's peak.
    """
    made = Made(target=target, parts=parts, tolerance=0.0, scores={}, verdict="fail", measured=None)
    draft = pack([made], golden, label=Label(name="draft", budget={}, source=None), reports={})
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        path = Path(folder) / "draft.edge"
        save(draft, path)
        return place.weigh(path, threads=THREADS)
