"""From the address to the row: digits on a phone of headless Chromium."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from browser import SWIFTSHADER, chromium
from served import open_on_phone, served

from edgeattn.results.bundle import read_report
from edgeattn.results.report import Report
from edgeattn_export.pack import repack, save
from edgeattn_runtime.bundle.folder import open_bundle

SEVEN = [[0.3, 0.2], [0.5, 0.2], [0.7, 0.2], [0.6, 0.45], [0.5, 0.65], [0.42, 0.85]]
ROW = re.compile(r"\bpass\b.*")
MOST_TOKENS = 120  # where nobody stops it
ON_LAN = "phone.example"  # stands for this machine's address in a network: plain http, and not localhost
BOUND = f"--host-resolver-rules=MAP {ON_LAN} 127.0.0.1"


@pytest.fixture
def bundle(exported: tuple[Report, Path], tmp_path: Path) -> Path:
    """Digits for browsers, the test's own copy."""
    if chromium() is None:
        pytest.skip("no chromium on the PATH")
    return Path(shutil.copytree(exported[1], tmp_path / "digits.edge"))


def test_a_phone_proves_times_and_shows_a_bundle(bundle: Path) -> None:
    with served(bundle) as server:
        found = open_on_phone(server.address(), draw=SEVEN)
        assert found["faults"] == []
        assert found["elsewhere"] == []
        assert found["isolated"]
        assert not found["wide"]
        assert "hashes right" in found["steps"]
        assert "its report has it now" in found["steps"]
        for step in ("Downloaded the model", "Answered as it did", "Measured how fast", "Sent the result"):
            assert step in found["steps"]
        assert re.search(r"\d ms a call, after \d+ ms to open it", found["steps"])
        assert "Pass" in found["body"]
        assert found["answer"] == "7"
        server.until(ROW)
        assert server.interrupt() == 0
    (device,) = read_report(open_bundle(bundle)).browsers
    assert device.target == "web"
    assert [run.threads for run in device.runs] == sorted({run.threads for run in device.runs})
    assert device.runs[0].threads == 1
    assert all(golden.ok for golden in device.golden)
    assert device.machine.cpu in (bundle / "report.html").read_text(encoding="utf-8")


def test_a_long_text_is_stopped(story: Path) -> None:
    if chromium() is None:
        pytest.skip("no chromium on the PATH")
    with served(story) as server:
        found = open_on_phone(server.address(), stops=True)
    assert found["faults"] == []
    tokens = re.search(r"(\d+) tokens?, \S+ a second", found["body"])
    assert tokens is not None
    assert int(tokens[1]) < MOST_TOKENS
    pace = re.search(r"(\d\S*) tokens\s+a second with \d threads?", found["body"])
    assert pace is not None
    assert float(pace[1]) > 0


def test_on_plain_http_it_has_one_thread_and_says_why(bundle: Path) -> None:
    with served(bundle, name=ON_LAN) as server:
        found = open_on_phone(server.address(), flags=[BOUND], dark=True)
        assert found["faults"] == []
        assert not found["isolated"]
        assert "Pass" in found["body"]
        assert "plain http address" in found["body"]
        server.until(ROW)
    (device,) = read_report(open_bundle(bundle)).browsers
    assert [run.threads for run in device.runs] == [1]


def test_a_name_that_was_bound_to_this_machine_gets_nothing(bundle: Path) -> None:
    with served(bundle) as server:
        found = open_on_phone(server.address().replace("127.0.0.1", ON_LAN), flags=[BOUND])
        assert found["status"] == 421
        assert "newest code in the terminal" in found["body"]
        assert server.interrupt() == 0


def test_webgpu_is_proven_as_a_device_of_its_own(bundle: Path) -> None:
    with served(bundle) as server:
        found = open_on_phone(server.address(), flags=list(SWIFTSHADER))
        assert "WebGPU" in found["body"]
        server.until(ROW)
        server.until(ROW)
    wasm, webgpu = read_report(open_bundle(bundle)).browsers
    assert "WebGPU" not in wasm.machine.cpu
    assert "WebGPU on" in webgpu.machine.cpu
    assert all(golden.ok for golden in webgpu.golden)


def test_an_address_that_was_used_says_what_to_do(bundle: Path) -> None:
    with served(bundle) as server:
        address = server.address()
        assert open_on_phone(address, leaves=True)["status"] == 200  # at once, and it is used all the same
        found = open_on_phone(address)
        assert found["status"] == 403
        assert "newest code in the terminal" in found["body"]
        server.address()  # the next one
        assert server.interrupt() == 0


def test_a_bundle_that_fails_on_the_phone_is_said_there_and_here(bundle: Path) -> None:
    packed = repack(open_bundle(bundle), {})
    strict = tuple(
        replace(each, tolerance=dict.fromkeys(each.tolerance, 1e-9)) for each in packed.manifest.variants
    )
    save(replace(packed, manifest=replace(packed.manifest, variants=strict)), bundle)
    with served(bundle) as server:
        found = open_on_phone(server.address())
        assert "Fail" in found["body"]
        assert re.search(r"missed it: logits of sample 0 \(0\.\d{5}\), logits of sample 1 ", found["body"])
        assert "Answers as it did" in found["steps"]  # no past tense: it did not
        server.until(re.compile("FAIL"))
        assert server.interrupt() == 1
    assert "golden outputs miss the tolerance on 1 device" in server.said[-1]
