"""What devices post, held against a bundle on disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeattn.additions import with_devices, with_report
from edgeattn.report.devices import Device
from edgeattn.results.bundle import read_report
from edgeattn.results.device import parse_result
from edgeattn.serve.results import DeviceResults
from edgeattn_export.pack import Packed, save
from edgeattn_runtime.bundle.files import SIGNATURE_BYTES, SIGNATURE_FILE, Signature
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.benchmark import bench
from edgeattn_runtime.timing.machine import Machine

Table = dict[str, Any]


class Shown:
    """Devices as they were shown."""

    def __init__(self) -> None:
        self.rows: list[tuple[Device, str | None]] = []

    def device(self, device: Device, problem: str | None) -> None:
        self.rows.append((device, problem))


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def results(folder: Path, shown: Shown) -> DeviceResults:
    return DeviceResults(folder, shown.device)


@pytest.fixture
def table(folder: Path, machine: Machine) -> Table:
    """What a device posts."""
    measured = replace(bench(folder, rounds=1), machine=machine)
    return dict(json.loads(json.dumps(measured.to_table())))


def test_the_report_gains_each_device(
    results: DeviceResults, shown: Shown, table: Table, folder: Path
) -> None:
    other = table | {"machine": table["machine"] | {"cpu": "Pixel 9"}}
    assert results.take(json.dumps(table).encode())
    assert results.take(json.dumps(other).encode())
    assert results.take(json.dumps(other).encode())  # a newer one of the same device
    report = read_report(open_bundle(folder))
    names = [device.machine.cpu for device in report.browsers]
    assert names == ["Abacus(R) CPU 9000 @ 0.01GHz", "Pixel 9"]
    assert report.devices == ()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Pixel 9" in page[page.index('<section aria-labelledby="browsers">') :]
    assert '<section aria-labelledby="devices">' not in page
    assert [problem for _, problem in shown.rows] == [None] * 3
    assert results.failed == 0


def test_a_device_that_fails_is_counted(results: DeviceResults, table: Table) -> None:
    table["golden"][0]["ok"] = False
    assert results.take(json.dumps(table).encode())
    assert results.take(json.dumps(table).encode())  # the same one again
    assert results.failed == 1


def test_what_is_no_result_counts_for_no_device(results: DeviceResults, table: Table) -> None:
    table["golden"][0]["ok"] = False
    with pytest.raises(BadInput):
        results.take(json.dumps(table | {"schema": 9}).encode())
    assert results.failed == 0


def test_a_browser_takes_no_devices_place(results: DeviceResults, table: Table, folder: Path) -> None:
    measured = parse_result(json.dumps(table).encode(), "a file", open_bundle(folder))
    files = open_bundle(folder)
    save(with_report(files, with_devices(read_report(files), [measured])), folder)
    assert results.take(json.dumps(table | {"load_ms": 1e9}).encode())
    report = read_report(open_bundle(folder))
    assert report.devices == (measured,)
    assert [browser.load_ms for browser in report.browsers] == [1e9]


def test_a_report_takes_so_many_browsers_and_no_more(
    results: DeviceResults, shown: Shown, table: Table, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeattn.additions.MOST_BROWSERS", 2)
    kept = [
        results.take(json.dumps(table | {"machine": table["machine"] | {"cpu": cpu}}).encode())
        for cpu in ("a", "b", "c", "b")
    ]
    assert kept == [True, True, False, True]
    assert "2 browsers" in str(shown.rows[2][1])
    assert [browser.machine.cpu for browser in read_report(open_bundle(folder)).browsers] == ["a", "b"]


WRONG: dict[str, Callable[[Table], Any]] = {
    "schema: 9": lambda table: table.update(schema=9),
    r"model\.onnx": lambda table: table.update(graphs={"model.onnx": "0" * 64}),
    "golden": lambda table: table["golden"].pop(),
    "0 runs": lambda table: table.update(runs=[]),
    r"samples of \d+ outputs with times": lambda table: table["runs"][0]["timings"].pop(),
    "1 to 64 runs": lambda table: table.update(runs=65 * table["runs"]),
    "cpu": lambda table: table["machine"].update(cpu="\x1b[2J"),
    "load_ms": lambda table: table.update(load_ms="soon"),
}


@pytest.mark.parametrize("named", WRONG)
def test_what_is_wrong_is_told_and_changes_nothing(
    results: DeviceResults, shown: Shown, table: Table, folder: Path, named: str
) -> None:
    before = (folder / "manifest.json").read_bytes()
    WRONG[named](table)
    with pytest.raises(BadInput, match=named):
        results.take(json.dumps(table).encode())
    assert shown.rows == []
    assert (folder / "manifest.json").read_bytes() == before


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_is_damaged_anywhere_is_refused_or_right(
    results: DeviceResults, table: Table, data: st.DataObject
) -> None:
    content = bytearray(json.dumps(table).encode())
    start = data.draw(st.integers(0, len(content)))
    content[start : start + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    with suppress(BadInput):
        results.take(bytes(content))


def test_a_signed_bundle_stays_and_the_row_is_shown(
    results: DeviceResults, shown: Shown, table: Table, folder: Path
) -> None:
    files = open_bundle(folder)
    contents = {name: files.path(name).read_bytes() for name in files.manifest.files}
    save(Packed(replace(files.manifest, signature=Signature("ed25519", "0" * 64)), contents), folder)
    (folder / SIGNATURE_FILE).write_bytes(bytes(SIGNATURE_BYTES))
    assert not results.take(json.dumps(table).encode())
    ((_, problem),) = shown.rows
    assert problem is not None
    assert "signed" in problem


def test_a_bundle_that_went_away_is_told(results: DeviceResults, table: Table, folder: Path) -> None:
    shutil.rmtree(folder)
    with pytest.raises(BadInput, match=r"tiny\.edge"):
        results.take(json.dumps(table).encode())
