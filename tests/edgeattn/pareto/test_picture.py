from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from edgeattn.budget import Check
from edgeattn.pareto import pareto_svg
from edgeattn.pareto.points import FLOOR, points_of, stairs
from edgeattn.report import Report
from edgeattn.trial_line import TrialLine


def _words(svg: bytes) -> set[str]:
    """Return what is written in a drawing, which keeps the words beside the letters' outlines."""
    ElementTree.fromstring(svg)
    return {text.strip() for text in re.findall(r"<!--(.*?)-->", svg.decode(), flags=re.DOTALL)}


def _line(latency_ms: float, cosine_min: float, size_mb: float = 20.0) -> TrialLine:
    return TrialLine("int8", "recipes/01-int8.json", 1.0, cosine_min, latency_ms, size_mb, True, False)


def test_the_same_report_gives_the_same_bytes_whatever_the_owner_draws_otherwise(report: Report) -> None:
    once = pareto_svg(report)
    with mpl.rc_context({"font.size": 30, "svg.hashsalt": None, "axes.grid": True}):
        assert pareto_svg(report) == once
        assert mpl.rcParams["font.size"] == 30
    assert b"<metadata" not in once
    assert b"<text" not in once


def test_the_chosen_is_named_the_front_is_numbered_and_the_beaten_is_neither(report: Report) -> None:
    words = _words(pareto_svg(report))
    assert {
        "dynamic-int8",
        "02",
        "chosen",
        "on the front",
        "beaten by another",
        "22.9 MB",
        "24.1 MB",
    } <= words
    assert not {"01", "smoothed", "rows"} & words


def test_a_front_of_one_point_is_a_picture(report: Report) -> None:
    words = _words(pareto_svg(replace(report, trials=report.trials[:1])))
    assert {"dynamic-int8", "chosen", "22.9 MB"} <= words
    assert "on the front" not in words


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check("latency_ms", 3.2, 3.3, True), "at most 3.3 ms"),
        (Check("latency_ms", 3.2, 0.5, False), "at most 0.5 ms"),
        (Check("latency_ratio", 5.0, 4.0, True), "4 x as fast as PyTorch: 4.00 ms"),
        (Check("cosine_min", 0.985, 0.99, False), "0.99"),
    ],
)
def test_a_limit_on_an_axis_is_drawn(report: Report, check: Check, words: str) -> None:
    assert words not in _words(pareto_svg(report))
    assert words in _words(pareto_svg(replace(report, checks=(check,))))


def test_a_limit_far_beyond_every_trial_squeezes_nothing(report: Report) -> None:
    far = replace(report, checks=(Check("latency_ms", 3.2, 100.0, True),))
    assert pareto_svg(far) == pareto_svg(replace(report, checks=()))


@pytest.mark.parametrize("name", ["$x^", "模型", "x" * 200])
def test_any_name_can_be_drawn(report: Report, name: str) -> None:
    pareto_svg(replace(report, trials=(replace(report.trials[0], name=name),)))


def test_a_marker_has_the_area_of_its_size() -> None:
    small, large = points_of([_line(1.0, 0.99, 20.0), _line(2.0, 0.99, 80.0)])
    assert large.area == pytest.approx(4 * small.area)


def test_no_error_is_too_small_for_a_log_axis() -> None:
    (point,) = points_of([_line(1.0, 1.0 + 1e-12)])
    assert point.error == FLOOR


def test_the_stairs_leave_out_what_is_on_the_front_for_its_size_alone() -> None:
    points = points_of([_line(1.0, 0.98), _line(2.0, 0.97, size_mb=10.0), _line(3.0, 0.99)])
    assert [point.latency_ms for point in stairs(points)] == [1.0, 3.0]
