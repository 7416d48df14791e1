from __future__ import annotations

import pytest

from edgeattn.results.trial import recipe_words


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("model: 13 int8; encoder: 10 int8", "decoder: 13 int8; encoder: 10 int8"),
        ("24 int8 (12 smoothing)", "24 int8 (12 smoothing)"),
        ("model: mine", "model: mine"),
    ],
)
def test_graphs_are_called_what_they_are(name: str, shown: str) -> None:
    assert recipe_words(name) == shown
