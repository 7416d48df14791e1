from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgeattn.__main__ import main
from edgeattn.additions import with_report
from edgeattn.results.bundle import read_report
from edgeattn.results.report import Report
from edgeattn.signing import sign
from edgeattn_export.pack import save
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.timing.benchmark import DeviceBenchmark, bench
from edgeattn_runtime.timing.machine import Machine


@pytest.fixture
def result(folder: Path, machine: Machine) -> Path:
    """What another machine printed of the bundle."""
    measured = replace(bench(folder, rounds=1), machine=machine)
    return _written(folder.parent / "result.json", measured)


def _written(path: Path, measured: DeviceBenchmark) -> Path:
    path.write_text(json.dumps(measured.to_table()))
    return path


def test_the_report_is_shown_again(folder: Path, ran: Callable[..., str]) -> None:
    before = (folder / "manifest.json").read_bytes()
    words = " ".join(ran("report", folder).split())
    assert "tiny for cpu" in words
    assert "Verdict" in words
    assert "Device" not in words
    assert (folder / "manifest.json").read_bytes() == before


def test_a_result_is_kept_in_the_bundle_and_nothing_else_changes(
    folder: Path, result: Path, machine: Machine, ran: Callable[..., str]
) -> None:
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    before, page = read_report(open_bundle(folder)), (folder / "report.html").read_text(encoding="utf-8")
    assert "Abacus" in ran("report", folder, "--add", result).split()
    after = read_report(open_bundle(folder))  # whose every hash is right
    assert [device.machine for device in after.devices] == [machine]
    assert replace(after, devices=()) == before
    assert Report.from_json(ran("report", folder, "--json")) == after
    assert {path for path in folder.rglob("*") if path.is_file()} == files.keys()
    changed = {path.name for path, data in files.items() if path.read_bytes() != data}
    assert changed == {"manifest.json", "report.html", "report.json"}
    html = (folder / "report.html").read_text(encoding="utf-8")
    start = html.index('<section aria-labelledby="devices">')
    end = html.index('<section aria-labelledby="provenance">')
    assert "Abacus" in html[start:end]
    assert html[:start] + html[end:] == page


def test_a_drawn_example_stays(folder: Path, result: Path) -> None:
    files = open_bundle(folder)
    save(with_report(files, read_report(files), b"<svg>drawn</svg>"), folder)
    assert main(["report", str(folder), "--add", str(result)]) == 0
    assert b"<svg>drawn</svg>" in [path.read_bytes() for path in folder.rglob("*.svg")]


def test_a_newer_result_of_a_device_takes_the_olders_place(folder: Path, result: Path) -> None:
    assert main(["report", str(folder), "--add", str(result), "--add", str(result)]) == 0
    assert main(["report", str(folder), "--add", str(result)]) == 0
    assert len(read_report(open_bundle(folder)).devices) == 1


def test_bad_input_leaves_the_bundle_as_it_is(
    folder: Path, result: Path, refused: Callable[..., str]
) -> None:
    before = (folder / "manifest.json").read_bytes()
    assert "none.json" in refused("report", folder, "--add", result, "--add", folder.parent / "none.json")
    assert "none.edge" in refused("report", folder.parent / "none.edge")
    assert (folder / "manifest.json").read_bytes() == before


def test_a_signed_bundle_stays_and_a_page_beside_it_has_the_result(
    folder: Path, result: Path, tmp_path: Path, refused: Callable[..., str], ran: Callable[..., str]
) -> None:
    sign(folder, Ed25519PrivateKey.generate())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert "signed, and a result would change it" in refused("report", folder, "--add", result)
    page = tmp_path / "page.html"
    assert "Abacus" in ran("report", folder, "--add", result, "--page", page).split()
    text = page.read_text(encoding="utf-8")
    assert "Abacus" in text
    assert "1 came after the bundle was signed; the signature does not cover them." in text
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_page_is_written_again_and_side_by_side(
    folder: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["report", str(folder), "--page", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == (folder / "report.html").read_text(encoding="utf-8")
    assert main(["report", str(folder), str(folder), "--page", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    assert html.count("<h1>tiny") == 2
    assert html.count(f"<h3>{folder}</h3>") == 2 * html.count("<h2")
    place = tmp_path / "none" / "page.html"
    assert f"--page {place}: " in refused("report", folder, "--page", place)
