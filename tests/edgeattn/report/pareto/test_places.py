from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from edgeattn.report.pareto.places import NEAREST, Box, Label, place

FRAME = Box(50, 50, 100, 100)
POINTS = st.lists(
    st.builds(Box, st.floats(0, 100), st.floats(0, 100), st.just(8.0), st.just(8.0)), max_size=20
)


@given(POINTS, st.floats(NEAREST, 60))
def test_no_label_lies_on_another_or_on_a_point_or_leaves_the_frame(points: list[Box], reach: float) -> None:
    boxes = [box for box in place([Label(point, 15, 9, reach) for point in points], points, FRAME) if box]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    assert not any(box.overlaps(point) for box in boxes for point in points)
    assert all(FRAME.holds(box) for box in boxes)


def test_a_label_stands_right_of_its_point_where_there_is_room() -> None:
    point = Box(50, 50, 8, 8)
    assert place([Label(point, 20, 10)], [point], FRAME) == [Box(50 + 4 + NEAREST + 10, 50, 20, 10)]


def test_a_label_without_room_is_left_out_and_takes_none() -> None:
    point = Box(50, 50, 8, 8)
    labels = [Label(point, 200, 10), Label(point, 20, 10)]
    first, second = place(labels, [point], FRAME)
    assert first is None
    assert second is not None


def test_a_label_that_may_reach_farther_goes_round_its_neighbors() -> None:
    point = Box(50, 50, 8, 8)
    wall = [Box(50 + 22 * x, 50 + 18 * y, 22, 18) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    assert place([Label(point, 20, 10), Label(point, 20, 10, reach=40)], wall, FRAME)[0] is None
    assert place([Label(point, 20, 10, reach=40)], wall, FRAME)[0] is not None
