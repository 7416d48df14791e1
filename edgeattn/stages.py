"""No traceback, ever: what a stage raises unforeseen becomes one line that names the stage and the model."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from edgeattn.progress import Progress
from edgeattn_export.graph.fallback import reason
from edgeattn_runtime.boundary import lacking, shortage
from edgeattn_runtime.errors import EdgeAttnError, InputError, StageError

_FORBIDDEN: Final = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def staged(model: str, progress: Progress) -> Iterator[Progress]:
    """Yield a progress that remembers its stage.

    Args:
        model: Its name.
        progress: Gets every stage and step in turn.

    Raises:
        ResourceError: The machine lacks memory, file descriptors or space on the disk.
        InputError: A folder that a stage writes to may not be written.
        StageError: A stage raised what is no error of edgeattn's own, which is kept as the cause. An
            interrupt goes through.
    """
    stages = _Stages(progress)
    try:
        yield stages
    except EdgeAttnError:
        raise
    except (Exception, SystemExit) as error:
        raise _translated(f"{model}: stage {stages.name!r}", error) from error


def _translated(stage: str, error: BaseException) -> EdgeAttnError:
    if (lack := lacking(error)) is not None:
        return shortage(stage, lack, error)
    if isinstance(error, OSError) and error.errno in _FORBIDDEN:
        return InputError(f"{stage}: cannot write there ({reason(error)}); set TMPDIR to another folder")
    return StageError(
        f"{stage} failed unforeseen: {reason(error)}; --verbose, or __cause__ in Python, shows where; "
        "please report it"
    )


class _Stages:
    """A progress that remembers which stage it is in."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self.name = progress, "load"

    def stage(self, name: str) -> None:
        self.name = name
        self._progress.stage(name)

    def step(self, done: int, total: int, doing: str = "") -> None:
        self._progress.step(done, total, doing)
