"""Whether a program holds as numbers what is to be dynamic, and where in the user's code that came about.

PyTorch's trace tells where, the one that draft_export reads.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from edgeattn_export.capture.strategies.request import Program, TraceRequest
from edgeattn_export.capture.user_code import user_line
from edgeattn_runtime.errors import CaptureError

_TRACE = "torch.__trace"  # the logger of torch._logging.trace_structured
_FIXED = "symbolic_shape_specialization"
_GUARD = "guard_added"


@dataclass(frozen=True, slots=True)
class SizeTrace:
    """The user's lines at which an export made numbers of sizes, and at which it decided by them.

    Attributes:
        fixed: By the size's number.
        decided: By the condition, such as ``Ne(s27, 9)``.
    """

    fixed: dict[str, str] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)


@contextmanager
def size_trace() -> Iterator[SizeTrace]:
    """Yield what is told of numbers while a module is exported inside the block."""
    listener = _Listener()
    logger = logging.getLogger(_TRACE)
    before, logger.disabled = logger.disabled, False  # as whoever configures logging leaves it, by default
    logger.addHandler(listener)
    try:
        yield listener.told
    finally:
        logger.removeHandler(listener)
        logger.disabled = before


class _Listener(logging.Handler):
    """Notes the line that runs when a record comes."""

    def __init__(self) -> None:
        super().__init__()
        self.told = SizeTrace()

    def emit(self, record: logging.LogRecord) -> None:
        said = getattr(record, "metadata", {})
        if _FIXED in said:
            _note(self.told.fixed, said[_FIXED]["value"])
        if _GUARD in said:
            _note(self.told.decided, said[_GUARD]["expr"])


def _note(told: dict[str, str], what: str) -> None:
    """Note the user's line that runs now, the first of several; PyTorch's own lines say nothing."""
    if where := user_line(traceback.extract_stack()):
        told.setdefault(what, where)


_ADVICE = (
    "compute with x.shape[axis] itself, with no int(), len(), Python loop or table kept by size in between"
)


class NotFree(CaptureError):  # noqa: N818 - it is a verdict on a way, not a mistake
    """A program holds a size as a number, or is the module at some sizes only: another way may do."""


def check_axes_free(asked: TraceRequest, program: Program) -> None:
    """Refuse a program that fixes an axis.

    Raises:
        NotFree: The axis, and the user's line where its size became a number.
    """
    fixed = asked.fixed(program)
    if not fixed:
        return
    first = fixed[0]
    where = traced_sizes(asked).fixed.get(str(first.size), "")
    raise NotFree(
        f"input {first.input!r}: the module fixes axis {first.axis} ({first.symbol}) at {first.size}{where}, "
        f"where any size is expected; {_ADVICE}"
    )


def traced_sizes(asked: TraceRequest) -> SizeTrace:
    """Export a module once more, to be told where it made numbers of sizes."""
    with size_trace() as told, suppress(CaptureError):  # told as far as it came
        asked.exported(asked.module, asked.longest)
    return told
