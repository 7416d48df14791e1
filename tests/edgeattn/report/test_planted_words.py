"""What a proof sees, in words."""

from __future__ import annotations

from edgeattn.report.planted_words import planted_rows, unseen_notes
from edgeattn.results.planted_error import PlantedError

SEEN = PlantedError("twice", ("r2",), smallest=0.14)
UNSEEN = PlantedError("constant", (), ("y",), remedy="r2=0.98")


def test_a_row_says_what_fails_an_error_and_from_which_size() -> None:
    shift = PlantedError("shift", (), ("y", "z"), smallest=1.4)
    assert planted_rows([SEEN, UNSEEN, shift, PlantedError("tenth", ("r2",), smallest=0.156)]) == [
        ("twice the right one", "r2", "1.14 times"),
        ("always the mean", "nothing, in y", ""),
        ("0.1 of the spread too high", "nothing, in y, z", "0.14 of the spread"),
        ("a tenth of the right one", "r2", "0.86 times"),
    ]


def test_gross_errors_alone_are_noted_and_together() -> None:
    assert unseen_notes([SEEN, PlantedError("shift", (), ("y",))]) == ()
    assert unseen_notes([UNSEEN, PlantedError("twice", (), ("y", "z"), remedy="r2=0.98")]) == (
        "This proof would not see a wrong answer in y, z: always the mean, twice the right one; "
        "add r2=0.98 to the budget.",
    )
