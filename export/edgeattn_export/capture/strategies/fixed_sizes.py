"""Whether a program holds as numbers what is to be dynamic, and where in the user's code that came about.

PyTorch's trace shows where, the one that draft_export reads.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from contextlib import suppress

from edgeattn_export.capture.strategies.request import Program, TraceRequest
from edgeattn_export.capture.user_code import user_line
from edgeattn_runtime.errors import CaptureError

_TRACE = "torch.__trace"  # the logger of torch._logging.trace_structured
_FIXED = "symbolic_shape_specialization"
_GUARD = "guard_added_fast"
_FIX_NUMBER = "compute with x.shape[axis] itself, with no int(), Python loop or table kept by size in between"
_FIX_DECISION = "write it so that one way holds for every size"
_NO_LINE = "check forward for values read as Python numbers, and for sizes kept as constants"
_DECISION = re.compile(r"\b(if|while|for|assert)\b")  # in a line of code


class SizeTrace(logging.Handler):
    """The user's lines at which an export makes numbers of sizes, and at which it decides by them.

    Attributes:
        fixed: By the size's number.
        decided: By the condition, such as ``Ne(s27, 9)``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fixed: dict[str, str] = {}
        self.decided: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Note the line that runs when a record comes."""
        metadata = getattr(record, "metadata", {})
        if _FIXED in metadata:
            _note(self.fixed, metadata[_FIXED]["value"])
        if _GUARD in metadata:
            _note(self.decided, metadata[_GUARD]["expr"])


def _note(lines: dict[str, str], key: str) -> None:
    """Note the user's line that runs now, the first of several; PyTorch's own lines say nothing."""
    if line := user_line(traceback.extract_stack()):
        lines.setdefault(key, line)


class SizeDependentError(CaptureError):
    """A program holds a size as a number, or is the module at some sizes only: another strategy may do.

    Attributes:
        size: At which an axis is fixed; None where none is.
    """

    def __init__(self, message: str, size: int | None = None) -> None:
        super().__init__(message)
        self.size = size


def check_axes_free(request: TraceRequest, program: Program) -> None:
    """Refuse a program that fixes an axis.

    Raises:
        SizeDependentError: The axis, and its size.
    """
    for axis in request.fixed_axes(program)[:1]:
        fixed = f"the module fixes axis {axis.axis} ({axis.symbol}) at {axis.size}"
        raise SizeDependentError(f"input {axis.input!r}: {fixed}", axis.size)


def decided_sizes(request: TraceRequest, program: Program) -> dict[str, int]:
    """Return the largest size of each axis at which forward decided as at the example, by symbol.

    Beyond it forward may compute otherwise, or the same: that is for a proof to find.
    """
    largest: dict[str, int] = {}
    for _, _, symbol, size in request.traced_axes(program):
        bounds = program.range_constraints.get(getattr(getattr(size, "node", None), "expr", None))
        if bounds is not None and bounds.upper.is_Integer:
            largest[symbol] = min(int(bounds.upper), largest.get(symbol, sys.maxsize))
    return largest


def with_line(error: SizeDependentError, request: TraceRequest) -> SizeDependentError:
    """Return the same error with the user's line that depends on a size, and what to change there."""
    trace = _traced_sizes(request)
    if error.size is not None:
        number = trace.fixed.get(str(error.size), "")
        return SizeDependentError(f"{error}{number}, where any size is expected; {_FIX_NUMBER}", error.size)
    decision = next(filter(_DECISION.search, trace.decided.values()), None)
    if decision is None:
        return SizeDependentError(f"{error}; {_NO_LINE}")
    return SizeDependentError(f"{error}; forward decides by a size{decision}: {_FIX_DECISION}")


def _traced_sizes(request: TraceRequest) -> SizeTrace:
    """Export a module once more, for the lines at which it makes numbers of sizes or decides by them."""
    trace, logger = SizeTrace(), logging.getLogger(_TRACE)
    before, logger.disabled = logger.disabled, False  # as whoever configures logging leaves it, by default
    logger.addHandler(trace)
    try:
        with suppress(CaptureError):  # the lines before it failed are noted
            request.exported(request.longest)
    finally:
        logger.removeHandler(trace)
        logger.disabled = before
    return trace
