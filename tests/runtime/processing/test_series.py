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
    ("values", "pattern"),
    [
        (VALUES[:1], r"float64 \[1, 6\] .*\[2, time\] .*rain in mm, wind"),
        (VALUES[0], r"float64 \[6\] "),
        (VALUES.astype(str), r"<U32 \[2, 6\] "),
        (VALUES[:, :5], "5 values .*6 "),
        (np.tile(VALUES, 2), "12 values .*6 "),
        (np.where(VALUES == 8, np.inf, VALUES), "infinite"),
        (np.where(VALUES == 8, NAN, VALUES), "wind: 1 of 6 .*2;"),
        ("none.csv", r"none\.csv: "),
    ],
)
def test_what_is_refused(values: object, pattern: str, conformance: Path) -> None:
    with pytest.raises(InputError, match=pattern):
        load(conformance / "series-refuse.edge").prepare(series=values)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (b"", "0 columns 'rain in mm' "),
        (b"rain in mm,wind,wind\n", "2 columns 'wind' "),
        (b"rain in mm\n1\n", "0 columns 'wind' .*rain in mm"),
        (b'rain in mm,"wi\r\nnd"\n1,2\n', "0 columns 'wind' .*wi nd"),
        (b"rain in mm,wind\n", "0 values .*6 "),
        (b"rain in mm,wind\n1,2\n3,high\n", "line 3: 'high' "),
        (b'rain in mm,wind\n1,"2\n', "CSV"),
        (b"rain in mm,wind\n1," + b"1" * 100_000 + b"x\n", "line 2: '11111111111111111111' "),  # in no time
        (b"\xff\xfe", "CSV"),
    ],
)
def test_files_that_are_refused(text: bytes, pattern: str, conformance: Path, tmp_path: Path) -> None:
    path = tmp_path / "hours.csv"
    path.write_bytes(text)
    with pytest.raises(InputError, match=pattern) as refused:
        load(conformance / "series-hold.edge").prepare(series=path)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"names": []}, "processing.series.names"),
        ({"names": ["wind", "wind"]}, "processing.series.names"),
        ({"mean": [1]}, r"processing.series.mean: \[1\] .*2 "),
        ({"std": [1, 0]}, "processing.series.std"),
        ({"missing": "guess"}, '"guess" .*"refuse" .*"hold" '),
    ],
)
def test_what_a_manifest_may_not_say(change: dict[str, object], pattern: str) -> None:
    assert Series.from_field(Field("processing.series", TABLE)).names == ("rain in mm", "wind")
    with pytest.raises(BundleError, match=pattern):
        Series.from_field(Field("processing.series", TABLE | change))


def test_a_bundle_without_series_forecasts_none(conformance: Path) -> None:
    net = load(conformance / "mono.edge")
    with pytest.raises(InputError, match="series"):
        net.forecast({})
    with pytest.raises(InputError, match=r"series.*audio"):
        net.prepare(series=VALUES)
    with pytest.raises(InputError, match="same"):
        load(conformance / "series-hold.edge").forecast({})
