"""Where forward made a number of a size, as PyTorch's trace tells it, the one that draft_export reads."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from edgeattn_export.capture.user_code import place

_TRACE = "torch.__trace"  # the logger of torch._logging.trace_structured
_FIXED = "symbolic_shape_specialization"
_GUARD = "guard_added"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The user's lines at which an export made numbers of sizes, and at which it decided by them.

    Attributes:
        fixed: By the size's number.
        decided: By the condition, such as ``Ne(s27, 9)``.
    """

    fixed: dict[str, str] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)


@contextmanager
def numbers() -> Iterator[Numbers]:
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
        self.told = Numbers()

    def emit(self, record: logging.LogRecord) -> None:
        said = getattr(record, "metadata", {})
        if _FIXED in said:
            _note(self.told.fixed, said[_FIXED]["value"])
        if _GUARD in said:
            _note(self.told.decided, said[_GUARD]["expr"])


def _note(told: dict[str, str], what: str) -> None:
    """Note the user's line that runs now, the first of several; PyTorch's own lines say nothing."""
    if where := place(traceback.extract_stack()):
        told.setdefault(what, where)
