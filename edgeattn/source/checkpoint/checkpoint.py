"""A checkpoint and its data -> the same value as a model's file becomes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import Any

from edgeattn.source.checkpoint.own_files import read_json
from edgeattn.source.checkpoint.samples import Reader, reader_of
from edgeattn.source.checkpoint.samples.columns import Row, rows_by_role
from edgeattn.source.checkpoint.tasks import task_of
from edgeattn.source.checkpoint.tasks.task import Task
from edgeattn.source.checkpoint.token_counts import TokenCounts
from edgeattn.source.confined import legible_logs, offline, tensors_only
from edgeattn.source.handover import source_of
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture.samples.read_samples import read_npz
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import EdgeAttnError, ModelError, SampleError, require_extra


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a user names: the folder, the data, and what its columns are.

    Attributes:
        folder: That ``save_pretrained`` wrote.
        data: A file or a folder of samples; an .npz file holds inputs as the network takes them.
        columns: The column of a role, such as ``{"label": "stars"}``, where it has another name.
        dims: How many numbers of an embedding are kept; None for all.
    """

    folder: Path
    data: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    dims: int | None = None

    @property
    def name(self) -> str:
        """The bundle's, where the caller gives none."""
        folder = self.folder.resolve()
        if folder.parent.name == "snapshots":  # of the hub's cache: models--OWNER--NAME/snapshots/HASH
            return folder.parent.parent.name.rpartition("--")[2]
        return folder.name

    @property
    def task(self) -> type[Task]:
        """What it was trained for.

        Raises:
            ModelError: It is no checkpoint, or for no task that is known.
        """
        with _reading(self.folder), _extra():
            return _task(self.folder)

    @property
    def reader(self) -> Reader:
        """What reads the data."""
        return reader_of(self.data)

    def read(self) -> ModuleSource:
        """Open the checkpoint on its data.

        Raises:
            ModelError: The folder is not what its task asks for.
            SampleError: The data is not.
        """
        if self.data.suffix.lower() == ".npz":
            return self._on_arrays()
        task, reader = self.task, self.reader
        with _reading(self.data, SampleError):
            rows = rows_by_role(reader(self.data), self.columns, task.needed, task.optional)
        with _reading(self.folder):
            opened = self._opened(task, rows)
        unknown = self._unknown_tokens(opened.token_counts)
        with _reading(self.data, SampleError):
            source = source_of(opened, self.folder / "config.json", self.name)
        return replace(source, unknown_tokens=unknown)

    def _unknown_tokens(self, counts: TokenCounts | None) -> float | None:
        """Return the share of unknown tokens, with a warning where it is notable."""
        if counts is None:
            return None
        if (obstacle := counts.obstacle()) is not None:
            raise SampleError(f"{self.data}: {obstacle}")
        if (warning := counts.warning()) is not None:
            warnings.warn(f"{self.data}: {warning}", stacklevel=2)
        return counts.share

    def _opened(self, task: type[Task], rows: Sequence[Row]) -> Task:
        if self.dims is None:
            return task(self.folder, rows)
        check_dims(task)
        return task(self.folder, rows, dims=self.dims)  # type: ignore[call-arg]  # of those that have some

    def _on_arrays(self) -> ModuleSource:
        if self.columns:
            raise SampleError(f"--columns: found with {self.data}, which has none; leave it out")
        task = self.task
        with _reading(self.folder):
            opened = self._opened(task, ())
        return source_of(OnArrays(opened, self.data), self.data, self.name)


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


def check_dims(task: type[Task]) -> None:
    """Refuse numbers to keep of an embedding where a task has none.

    Raises:
        ValueError: It has none.
    """
    if "dims" not in signature(task).parameters:
        raise ValueError(f"--dims: found for {task.__name__}, a sentence embedding expected; leave it out")


def _task(folder: Path) -> type[Task]:
    if (folder / "modules.json").is_file():
        from edgeattn.source.checkpoint.tasks.sentence_embedding import SentenceEmbedding

        return SentenceEmbedding
    if not (folder / "config.json").is_file():
        raise ValueError("no config.json found; a folder that save_pretrained wrote, or a model.py expected")
    if "architecture" in read_json(folder / "config.json"):
        with require_extra("timm", "timm"):
            from edgeattn.source.checkpoint.tasks.timm_images import TimmImages

        return TimmImages
    from edgeattn.source.checkpoint.transformers_folder import architecture_of, main_input

    name = architecture_of(folder)
    return task_of(name, main_input(name))


@contextmanager
def _extra() -> Iterator[None]:
    """Tell how to install what reads checkpoints, where it is missing."""
    with ExitStack() as stack:
        for module in ("transformers", "tokenizers", "scipy", "jiwer"):
            stack.enter_context(require_extra("checkpoints", module))
        yield


@contextmanager
def _reading(place: Path, error: type[EdgeAttnError] = ModelError) -> Iterator[None]:
    """Name the place in what is wrong with it, in one line; let nothing be fetched, and no code of it run."""
    try:
        with tensors_only(), offline(), legible_logs():
            yield
    except EdgeAttnError:
        raise
    except ValueError as reason:
        raise error(f"{place}: {reason}") from reason
    except (Exception, SystemExit) as reason:
        words = " ".join(str(reason).split())
        raise error(f"{place}: {type(reason).__name__}: {words}; check that its library opens it") from reason
