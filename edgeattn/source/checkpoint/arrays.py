"""A checkpoint beside an .npz of inputs as its network takes them: data that is prepared already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeattn.source.checkpoint.tasks.task import Task
from edgeattn_export.capture.samples.read_samples import read_npz
from edgeattn_export.graph.samples import Inputs

SUFFIX = ".npz"


class OnArrays:
    """What a model's file defines, made of a task without rows: its network, labels and prediction.

    Args:
        task: Opened on no rows. What it says of texts, images and sounds was seen on none: it is left out.
        npz: Its inputs, see ``edgeattn_export.capture.samples.read_samples.read_npz``.
    """

    def __init__(self, task: Task, npz: Path) -> None:
        self.model, self.card, self.pretty = task.model, task.card, task.pretty
        self.generation = task.generation
        said = task.processing or {}
        parts: dict[str, Any] = {name: said[name] for name in ("labels", "prediction") if name in said}
        if parts.get("prediction", {}).get("kind") in ("span", "tags"):  # parts of a text
            del parts["prediction"]
        self.processing = parts or None
        self._npz = npz

    def samples(self) -> Iterator[Inputs]:
        """Yield the inputs of each sample."""
        yield from (sample.inputs for sample in read_npz(self._npz))
