from __future__ import annotations

import errno

import pytest

from edgeattn_export.graph.fallback import SUMMARY_LENGTH, reason, with_fallback


def _raising(error: BaseException) -> int:
    raise error


def test_what_succeeds_has_no_note() -> None:
    assert with_fallback("it", lambda: 3, None) == (3, ())


def test_what_fails_is_replaced_and_noted() -> None:
    actual, notes = with_fallback("it", lambda: _raising(ValueError("two\n  lines")), 5)
    assert (actual, notes) == (5, ("it is left out, as it failed: ValueError: two lines",))


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_what_ends_all_goes_through(error: BaseException) -> None:
    with pytest.raises(type(error)):
        with_fallback("it", lambda: _raising(error), 5)


def test_a_reason_is_short_and_never_empty() -> None:
    assert reason(AssertionError()) == "AssertionError"
    assert len(reason(ValueError("x" * 2 * SUMMARY_LENGTH))) == len("ValueError: ") + SUMMARY_LENGTH
