"""No traceback, ever: what a stage raises unforeseen becomes one line that names the stage and the model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeattn.progress import Progress
from edgeattn_export.graph.fallback import reason
from edgeattn_runtime.errors import EdgeAttnError, StageError


@contextmanager
def staged(model: str, progress: Progress) -> Iterator[Progress]:
    """Yield a progress that remembers its stage.

    Args:
        model: Its name.
        progress: Gets every stage and step in turn.

    Raises:
        StageError: A stage raised what is no error of edgeattn's own, which is kept as the cause. An
            interrupt goes through.
    """
    stages = _Stages(progress)
    try:
        yield stages
    except EdgeAttnError:
        raise
    except MemoryError as error:
        raise StageError(
            f"{model}: out of memory in stage {stages.name!r}; free some, or export on a larger machine"
        ) from error
    except (Exception, SystemExit) as error:
        raise StageError(
            f"{model}: stage {stages.name!r} failed unforeseen: {reason(error)}; --verbose, or __cause__ in "
            "Python, shows where; please report it"
        ) from error


class _Stages:
    """A progress that remembers which stage it is in."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self.name = progress, "load"

    def stage(self, name: str) -> None:
        self.name = name
        self._progress.stage(name)

    def step(self, done: int, total: int, doing: str = "") -> None:
        self._progress.step(done, total, doing)
