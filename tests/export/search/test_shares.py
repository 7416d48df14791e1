from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.search.shares import Span, divided_limit

SPANS = {"model": Span(2.0, 8.0), "encoder": Span(1.0, 3.0)}
sizes = st.floats(0.01, 100.0)


def test_a_span_reaches_from_the_least_to_the_most() -> None:
    assert Span.of(iter((3.0, 1.0, 2.0))) == Span(1.0, 3.0)


def test_each_graph_stands_equally_far_between_its_least_and_its_most() -> None:
    assert divided_limit(3.0, SPANS) == {"model": 2.0, "encoder": 1.0}
    assert divided_limit(7.0, SPANS) == {"model": 5.0, "encoder": 2.0}
    assert divided_limit(11.0, SPANS) == {"model": 8.0, "encoder": 3.0}


def test_what_does_not_suffice_for_all_suffices_for_none() -> None:
    assert divided_limit(1.5, SPANS) == {"model": 1.0, "encoder": 0.5}


def test_no_limit_is_none_for_each() -> None:
    assert divided_limit(math.inf, {**SPANS, "fixed": Span(1.0, 1.0)}) == dict.fromkeys(
        (*SPANS, "fixed"), math.inf
    )


def test_graphs_that_only_come_in_one_size_share_by_it() -> None:
    assert divided_limit(9.0, {"model": Span(2.0, 2.0), "encoder": Span(1.0, 1.0)}) == {
        "model": 6.0,
        "encoder": 3.0,
    }


@given(limit=sizes, spans=st.lists(st.tuples(sizes, sizes), min_size=1, max_size=3))
def test_shares_add_up_to_the_limit(limit: float, spans: list[tuple[float, float]]) -> None:
    found = divided_limit(limit, {str(i): Span.of(pair) for i, pair in enumerate(spans)})
    assert sum(found.values()) == pytest.approx(limit)
    assert all(share > 0 for share in found.values())
