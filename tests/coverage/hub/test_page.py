from __future__ import annotations

from hub.outcome import Family, Outcome
from hub.page import COLUMNS, LONGEST, render

FACTS = {"versions": "timm 1", "seconds": 120, "memory": 6, "error": 1e-4, "cosine": 0.99}


def outcome(name: str, **known: object) -> Outcome:
    return Outcome(family=Family("timm", name), **known)  # type: ignore[arg-type]


def test_the_page_has_a_line_a_family_and_counts_those_with_attention() -> None:
    page = render(
        [
            outcome("b", fate="refused", attentions=2, reason=f"a|{'b' * LONGEST}"),
            outcome(
                "a",
                fate="passing",
                attentions=2,
                whole=2,
                inputs=("x",),
                error=3e-7,
                cosine=0.9999,
                cache="yes",
            ),
            outcome("c", fate="no attention"),
            outcome("d", fate="not built", reason="ImportError: no natten"),
        ],
        **FACTS,
    )
    assert "2 families with attention: 1 passing, 0 inexact, 1 refused, 0 crashed; 50% pass, and in 1" in page
    first, second = (line for line in page.splitlines() if line.startswith("| timm | "))
    assert first == "| timm | a | x | passing | 2 of 2 | 3e-07 | 0.9999 | yes |  |"
    assert second.startswith("| timm | b |  | refused | 0 of 2 |  |  |  | a\\|bbb")
    assert len(first.split(" | ")) == len(COLUMNS)
    assert "| timm:d | ImportError: no natten |" in page
    assert page.endswith("timm:c\n")


def test_what_a_search_found_is_called_so() -> None:
    page = render([outcome("a", fate="passing", cosine=0.995, searched=True)], **FACTS)
    assert "| 0.9950, searched |" in page


def test_the_page_of_a_run_that_was_stopped_names_what_is_left() -> None:
    page = render([outcome("a", fate="passing")], [Family("timm", "b"), Family("timm", "c")], **FACTS)
    assert "2 families are not run yet" in page
    assert page.endswith("2 families: timm:b, timm:c\n")
    assert "not run yet" not in render([outcome("a", fate="passing")], **FACTS)
