from __future__ import annotations

import errno

import pytest

from edgeattn_export.graph.fallback import SUMMARY_LENGTH, finding, reason, with_fallback
from edgeattn_runtime.errors import BundleError


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


def test_a_graph_of_an_exports_own_is_not_to_be_exported_again() -> None:
    assert finding(BundleError("the graph: fails (Add); export again")) == "the graph: fails (Add)"
    assert reason(BundleError("x: broken; export the model again")) == "BundleError: x: broken"
    assert finding(ValueError("x: broken; mend it")) == "x: broken; mend it"
