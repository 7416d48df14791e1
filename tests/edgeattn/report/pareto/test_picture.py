from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from edgeattn.report.pareto import pareto_svg
from edgeattn.report.pareto.points import ERROR_FLOOR, points_of, stairs
from edgeattn.results.check import Check
from edgeattn.results.report import Report
from edgeattn.results.trial import TrialResult


def _words(svg: bytes) -> set[str]:
    """Return what is written in a drawing, which keeps the words beside the letters' outlines."""
    ElementTree.fromstring(svg)
    return {text.strip() for text in re.findall(r"<!--(.*?)-->", svg.decode(), flags=re.DOTALL)}


def _line(latency_ms: float, r2_min: float, size_mb: float = 20.0) -> TrialResult:
    return TrialResult("int8", "recipes/01-int8.json", 1.0, r2_min, latency_ms, size_mb, True, False)


def test_the_same_report_gives_the_same_bytes_whatever_the_user_draws_otherwise(report: Report) -> None:
    once = pareto_svg(report)
    with mpl.rc_context({"font.size": 30, "svg.hashsalt": None, "axes.grid": True}):
        assert pareto_svg(report) == once
        assert mpl.rcParams["font.size"] == 30
    assert b"<metadata" not in once
    assert b"<text" not in once


def test_the_front_is_numbered_and_the_chosen_says_so(report: Report) -> None:
    words = _words(pareto_svg(report))
    assert {
        "01",
        "02",
        "chosen",
        "on the front",
        "dominated",
        "22.9 MB",
        "24.1 MB",
    } <= words
    assert not {"dynamic-int8", "smoothed", "rows", "on it for its size"} & words


def test_a_front_of_one_point_is_a_picture(report: Report) -> None:
    words = _words(pareto_svg(replace(report, trials=report.trials[:1])))
    assert {"01", "chosen", "22.9 MB"} <= words
    assert "on the front" not in words


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check("latency_ms", 3.2, 3.3, True), "at most 3.3 ms"),
        (Check("latency_ms", 3.2, 0.5, False), "at most 0.5 ms"),
        (Check("latency_ratio", 5.0, 4.0, True), "4x as fast as PyTorch: 4.00 ms"),
        (Check("cosine_min", 0.985, 0.99, False), "cosine_min"),
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
    assert point.error == ERROR_FLOOR


def test_what_is_on_the_front_for_its_size_alone_lies_off_the_line(report: Report) -> None:
    trials = (_line(1.0, 0.98), _line(2.0, 0.97, size_mb=10.0), _line(3.0, 0.99))
    assert [trial.latency_ms for trial in stairs(trials)] == [1.0, 3.0]
    assert [point.for_size for point in points_of(trials)] == [False, True, False]
    words = _words(pareto_svg(replace(report, trials=trials)))
    assert {"on the front", "on it for its size", "10.0 MB"} <= words


def test_an_axis_writes_all_its_numbers_in_one_form(report: Report) -> None:
    small = _words(pareto_svg(replace(report, trials=(_line(1.0, 0.9999), _line(2.0, 1 - 3e-5)))))
    assert {"0.00005", "0.0001"} <= small
    tiny = _words(pareto_svg(replace(report, trials=(_line(1.0, 0.9), _line(2.0, 1 - 2e-6)))))
    assert {"1e-4", "1e-2"} <= tiny


def test_without_limits_nothing_is_left_free_for_their_words(report: Report) -> None:
    limited = replace(report, checks=(Check("latency_ms", 3.2, 3.3, True),))
    assert _height(pareto_svg(limited)) > _height(pareto_svg(replace(report, checks=())))


def _height(svg: bytes) -> float:
    return float(ElementTree.fromstring(svg).attrib["height"].removesuffix("pt"))
