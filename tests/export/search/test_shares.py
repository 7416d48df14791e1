from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.search.shares import Span, divided_limit

SPANS = {"model": Span.of(iter((8.0, 2.0, 3.0))), "encoder": Span(1.0, 3.0)}
FIXED = {"model": Span(2.0, 2.0), "encoder": Span(1.0, 1.0)}  # which only come in one size
sizes = st.floats(0.01, 100.0)


@pytest.mark.parametrize(
    ("limit", "spans", "model", "encoder"),
    [
        (3.0, SPANS, 2.0, 1.0),
        (7.0, SPANS, 5.0, 2.0),  # each equally far between its least and its most
        (11.0, SPANS, 8.0, 3.0),
        (1.5, SPANS, 1.0, 0.5),  # what does not suffice for all suffices for none
        (9.0, FIXED, 6.0, 3.0),
        (math.inf, SPANS, math.inf, math.inf),
        (math.inf, FIXED, math.inf, math.inf),
    ],
)
def test_a_limit_is_divided(limit: float, spans: dict[str, Span], model: float, encoder: float) -> None:
    assert divided_limit(limit, spans) == {"model": model, "encoder": encoder}


@given(limit=sizes, spans=st.lists(st.tuples(sizes, sizes), min_size=1, max_size=3))
def test_shares_add_up_to_the_limit(limit: float, spans: list[tuple[float, float]]) -> None:
    found = divided_limit(limit, {str(i): Span.of(pair) for i, pair in enumerate(spans)})
    assert sum(found.values()) == pytest.approx(limit)
    assert all(share > 0 for share in found.values())
