from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime import BundleError, InputError, load
from edgeattn_runtime.fields import Field
from edgeattn_runtime.processing import Series

NAN = float("nan")
TABLE = {
    "input": "past",
    "output": "same",
    "names": ["rain in mm", "wind"],
    "mean": [1, 50.0],
    "std": [2, 0.5],
    "missing": "hold",
}
VALUES = np.arange(12.0).reshape(2, 6)


def test_what_is_prepared_and_forecast_again_is_what_it_was(conformance: Path) -> None:
    net = load(conformance / "series-hold.edge")
    again = net.forecast(net(**net.prepare(series=[VALUES, VALUES.astype(int) - 7])))
    np.testing.assert_allclose(again, [VALUES, VALUES - 7], atol=1e-5)


def test_a_gap_holds_the_value_before_it_or_the_first(conformance: Path) -> None:
    net = load(conformance / "series-hold.edge")
    values = np.array([[NAN, 1, NAN, NAN, 4, NAN], [1, 2, 3, 4, 5, 6]])
    again = net.forecast(net(**net.prepare(series=values)))[0]
    np.testing.assert_allclose(again, [[1, 1, 1, 1, 4, 4], [1, 2, 3, 4, 5, 6]], atol=1e-5)
    assert np.isnan(values).sum() == 4  # the caller's own stay


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (VALUES[:1], r"float64 \[1, 6\] found, numbers of \[2, time\] expected: rain in mm, wind"),
        (VALUES[0], r"float64 \[6\] found"),
        (VALUES.astype(str), r"<U32 \[2, 6\] found"),
        (VALUES[:, :5], "5 values of each series found, 6 expected"),
        (np.tile(VALUES, 2), "12 values of each series found, 6 expected; give the last 6"),
        (np.where(VALUES == 8, np.inf, VALUES), "an infinite value found"),
        (np.where(VALUES == 8, NAN, VALUES), "wind: 1 of 6 values are missing, the first at 2; the bundle"),
        ("none.csv", "none.csv: no such file"),
    ],
)
def test_what_is_refused(values: object, message: str, conformance: Path) -> None:
    with pytest.raises(InputError, match=message):
        load(conformance / "series-refuse.edge").prepare(series=values)


def test_nothing_is_made_of_gaps_alone(conformance: Path) -> None:
    values = np.where(VALUES < 6, NAN, VALUES)
    with pytest.raises(InputError, match="rain in mm: all 6 values are missing"):
        load(conformance / "series-hold.edge").prepare(series=values)


def test_columns_are_found_by_their_names(conformance: Path, tmp_path: Path) -> None:
    path = tmp_path / "hours.csv"
    lines = [
        "\N{BYTE ORDER MARK}time, wind ,rain in mm",
        "a,6,0",
        "b,7,NaN",
        "",
        "c,8,",
        "d,9,NA",
        "e,1e1,4",
        "f,11,5",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    net = load(conformance / "series-hold.edge")
    expected = net.prepare(series=np.array([[0, 0, 0, 0, 4, 5], VALUES[1]]))
    np.testing.assert_array_equal(net.prepare(series=path)["past"], expected["past"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "0 columns 'rain in mm' found in its first line, one expected; it names none"),
        (b"rain in mm,wind,wind\n", "2 columns 'wind' found"),
        (b"rain in mm\n1\n", "0 columns 'wind' found in its first line, one expected; it names rain in mm"),
        (b"rain in mm,wind\n", "0 values of each series found, 6 expected"),
        (b"rain in mm,wind\n1,2\n3,high\n", "line 3: 'high' found, a number expected"),
        (b'rain in mm,wind\n1,"2\n', "no CSV file of UTF-8"),
        (b"\xff\xfe", "no CSV file of UTF-8"),
    ],
)
def test_files_that_are_refused(text: bytes, message: str, conformance: Path, tmp_path: Path) -> None:
    path = tmp_path / "hours.csv"
    path.write_bytes(text)
    with pytest.raises(InputError, match=message):
        load(conformance / "series-hold.edge").prepare(series=path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": []}, "processing.series.names"),
        ({"names": ["wind", "wind"]}, "each name once"),
        ({"mean": [1]}, r"processing.series.mean: \[1\] found, 2 number\(s\), one a series expected"),
        ({"std": [1, 0]}, "numbers above 0 expected"),
        ({"missing": "guess"}, '"guess" found, "refuse" or "hold" expected'),
    ],
)
def test_what_a_manifest_may_not_say(change: dict[str, object], message: str) -> None:
    assert Series.from_field(Field("processing.series", TABLE)).names == ("rain in mm", "wind")
    with pytest.raises(BundleError, match=message):
        Series.from_field(Field("processing.series", TABLE | change))


def test_a_bundle_without_series_forecasts_none(conformance: Path) -> None:
    net = load(conformance / "mono.edge")
    with pytest.raises(InputError, match="forecasts no series; read the outputs themselves"):
        net.forecast({})
    with pytest.raises(InputError, match="prepares no series; give audio"):
        net.prepare(series=VALUES)
    with pytest.raises(InputError, match="no same among none"):
        load(conformance / "series-hold.edge").forecast({})
