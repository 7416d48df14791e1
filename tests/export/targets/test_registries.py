"""What registries offer, held against the pages and against what this project asks them for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edgeattn_export.targets import TARGETS
from edgeattn_export.targets.registries import OFFERS, Offer
from edgeattn_runtime.engine.release import release

ROOT = Path(__file__).parents[3]
BY_PACKAGE = {offer.package: offer for offer in OFFERS}


def _table(heading: str) -> list[list[str]]:
    """Return the rows of the first table of docs/targets.md below a heading."""
    below = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8").partition(f"# {heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert table is not None
    return [row.strip("| ").split(" | ") for row in table[0].splitlines()[2:]]


def _first(offer: Offer) -> str:
    return next(name for name, target in TARGETS.items() if offer.runs(target))


def test_the_page_has_every_offer_and_the_target_for_it() -> None:
    rows = [[each.platform, each.registry, f"`{each.package}`", each.version] for each in OFFERS]
    expected = [[*row, f"`{_first(offer)}`"] for row, offer in zip(rows, OFFERS, strict=True)]
    assert _table("What registries offer") == expected


def test_the_page_has_every_targets_oldest_engine() -> None:
    shown = {
        name: engine.split(",")[0]
        for names, engine, *_ in _table("Targets")
        for name in re.findall(r"`(.+?)`", names)
    }
    assert shown == {
        name: f"{target.engine.name} {target.engine.version}" for name, target in TARGETS.items()
    }


@pytest.mark.parametrize(
    ("file", "package", "pattern"),
    [
        ("Package.swift", "onnxruntime-swift-package-manager", r'from: "(.+?)"'),
        ("runtime/android/edgeattn/publication.gradle", "onnxruntime-android", r"onnxruntime-android:(.+?)'"),
        (".ci/locks/device.txt", "onnxruntime", r"^onnxruntime==(\S+)"),
    ],
)
def test_what_a_build_asks_for_is_what_is_offered(file: str, package: str, pattern: str) -> None:
    asked = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert asked is not None
    assert asked[1] == BY_PACKAGE[package].version


@pytest.mark.parametrize("package", ["onnxruntime-node", "onnxruntime-web"])
def test_what_the_web_package_asks_for_is_offered(package: str) -> None:
    peers = json.loads((ROOT / "runtime" / "web" / "package.json").read_text())["peerDependencies"]
    assert release(peers[package].removeprefix(">=")) <= release(BY_PACKAGE[package].version)


def test_the_swift_page_begins_with_the_target_that_its_engine_runs() -> None:
    page = (ROOT / "runtime" / "swift" / "README.md").read_text(encoding="utf-8")
    first = re.search(r"edgeattn export .*", page)
    assert first is not None
    assert f"--target {_first(BY_PACKAGE['onnxruntime-swift-package-manager'])}" in first[0]
    assert BY_PACKAGE["onnxruntime-swift-package-manager"].version in page
