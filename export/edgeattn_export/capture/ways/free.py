"""Whether a program holds as numbers what is to be dynamic, and where in the user's code that came about."""

from __future__ import annotations

from contextlib import suppress

from edgeattn_export.capture.ways.asked import Asked, Program
from edgeattn_export.capture.ways.numbers import Numbers, numbers
from edgeattn_runtime.errors import CaptureError

_ADVICE = (
    "compute with x.shape[axis] itself, with no int(), len(), Python loop or table kept by size in between"
)


class NotFree(CaptureError):  # noqa: N818 - it is a verdict on a way, not a mistake
    """A program holds a size as a number, or is the module at some sizes only: another way may do."""


def check_free(asked: Asked, program: Program) -> None:
    """Refuse a program that fixes an axis.

    Raises:
        NotFree: The axis, and the user's line where its size became a number.
    """
    fixed = asked.fixed(program)
    if not fixed:
        return
    first = fixed[0]
    where = made_numbers(asked).fixed.get(str(first.size), "")
    raise NotFree(
        f"input {first.input!r}: the module fixes axis {first.axis} ({first.symbol}) at {first.size}{where}, "
        f"where any size is expected; {_ADVICE}"
    )


def made_numbers(asked: Asked) -> Numbers:
    """Export a module once more, to be told where it made numbers of sizes."""
    with numbers() as told, suppress(CaptureError):  # told as far as it came
        asked.exported(asked.module, asked.longest)
    return told
