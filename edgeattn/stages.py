"""No traceback, ever: what a stage raises unforeseen becomes one line that names the stage and the model."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from edgeattn.progress import Progress
from edgeattn_export.graph.fallback import finding, reason
from edgeattn_runtime.boundary import lacking, shortage
from edgeattn_runtime.errors import BundleError, EdgeAttnError, InputError, StageError

_FORBIDDEN: Final = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def staged(model: str, progress: Progress) -> Iterator[Stages]:
    """Yield a progress that remembers its stage.

    Raises:
        ResourceError: The machine lacks memory, file descriptors or space on the disk.
        InputError: A folder that a stage writes to may not be written.
        StageError: A stage raised what is no error of edgeattn's own, which is kept as the cause. An
            interrupt goes through.
    """
    stages = Stages(model, progress)
    try:
        yield stages
    except EdgeAttnError:
        raise
    except (Exception, SystemExit) as error:
        raise _translated(f"{model}: stage {stages.name!r}", error) from error


@contextmanager
def own_graphs(stages: Stages) -> Iterator[None]:
    """Report a graph that fails inside the block as the export's own: nobody can export it again.

    Raises:
        StageError: A graph of the export's own fails, which is kept as the cause.
    """
    try:
        yield
    except BundleError as error:
        found = finding(error)
        if found == str(error):
            raise
        raise StageError(
            f"{stages.model}: stage {stages.name!r}: a graph that the export made fails: {found}; please "
            "report it"
        ) from error


def _translated(stage: str, error: BaseException) -> EdgeAttnError:
    if (lack := lacking(error)) is not None:
        return shortage(stage, lack, error)
    if isinstance(error, OSError) and error.errno in _FORBIDDEN:
        return InputError(f"{stage}: cannot write there ({reason(error)}); set TMPDIR to another folder")
    return StageError(
        f"{stage} failed unforeseen: {reason(error)}; --verbose, or __cause__ in Python, shows where; "
        "please report it"
    )


class Stages:
    """A progress that remembers whose it is, and which stage it is in."""

    def __init__(self, model: str, progress: Progress) -> None:
        self.model, self._progress, self.name = model, progress, "load"

    def stage(self, name: str) -> None:
        """Remember a stage, and pass it on."""
        self.name = name
        self._progress.stage(name)

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Pass a step on."""
        self._progress.step(done, total, doing)

    def note(self, text: str) -> None:
        """Pass a note on."""
        self._progress.note(text)
