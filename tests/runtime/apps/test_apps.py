"""Swift, and Kotlin on a JVM, beyond conformance: bundles that links or odd JSON spoil, and bench."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from endless import make_endless
from long_decoder import make_long

from edgeattn_runtime.timing.benchmark import DeviceBenchmark, bench
from edgeattn_runtime.timing.machine import Machine

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
ENDS = {  # how calls end that are cancelled, late, broken off or of a closed model
    "cancelled": ("CancellationError", "CancellationException"),
    "cancelled before": ("CancellationError",),
    "cancelled on IO": ("CancellationException",),
    "running on": ("false",),
    "late": ("DeadlineError",),
    "late without await": ("DeadlineError",),
    "closed while it runs": ("DeadlineError",),
    "closed": ("InputError",),
    "broken off": ("[8, 3]",),
    "pieces cancelled": ("CancellationError", "CancellationException"),
    "read too late": ("DeadlineError",),
    "refused": ("InputError",),
    "installed": ("true",),
    "installed over a file": ("InputError",),
    "loaded from assets": ("true",),
    "loaded without a file": ("InputError",),
    "loaded compressed": ("InputError",),
}
KOTLIN_ONLY = {
    "cancelled on IO",
    "closed while it runs",
    "loaded from assets",
    "loaded without a file",
    "loaded compressed",
}
ONLY_IN_ONE = KOTLIN_ONLY | {"cancelled before", "late without await"}

Reader = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Return a bundle to spoil."""
    shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "good.edge")
    return tmp_path / "good.edge"


def _assert_refused(reader: Reader, bundle: Path, why: str) -> None:
    done = reader("describe", bundle)
    assert done.returncode == 2
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json"])
def test_a_link_that_leaves_the_bundle_is_refused(
    reader: Reader, good: Path, tmp_path: Path, file: str
) -> None:
    (good / file).rename(tmp_path / file)
    (good / file).symlink_to(tmp_path / file)
    _assert_refused(reader, good, "a link that leaves the folder")


def test_a_linked_folder_is_refused(reader: Reader, good: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (good / "folder").symlink_to(tmp_path / "elsewhere")
    _assert_refused(reader, good, "not listed")


@pytest.mark.parametrize("hidden", [".hidden", "folder/.hidden"])
def test_a_hidden_file_is_refused(reader: Reader, good: Path, hidden: str) -> None:
    (good / hidden).parent.mkdir(exist_ok=True)
    (good / hidden).write_text("here")
    _assert_refused(reader, good, "not listed")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"schema": 2,', '"schema": 2, "schema": 2,', "stands twice"),
        ('"schema": 2,', '"schema": 2, "sch\\u0065ma": 2,', "stands twice"),
        ('"schema": 2,', '"schema": 2, // of this release\n', "not valid JSON"),
        ('"budget": {', '"budget": {,', "not valid JSON"),
        ('"samples": 4', '"samples": 9007199254740992', "golden.samples"),
        ('"samples": 4', '"samples": 4.5', "manifest.json"),
        ('"max": null', '"least": null', "max: missing"),
        ('"name": "tiny"', '"name": "ti\\u0007ny"', "a printable text"),
        ('"name": "tiny"', '"name": ""', "a printable text"),
        ('"name": "tiny"', '"name": "\\ud800"', "manifest.json"),
    ],
)
def test_json_that_a_careless_reader_takes_is_refused(
    reader: Reader, good: Path, old: str, new: str, why: str
) -> None:
    manifest = good / "manifest.json"
    text = manifest.read_text("utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), "utf-8")
    _assert_refused(reader, good, why)


@pytest.mark.parametrize("spoil", [b"\xef\xbb\xbf%s", b"%s,", b"%s{}", b"\xff%s"])
def test_a_text_around_the_json_is_refused(reader: Reader, good: Path, spoil: bytes) -> None:
    manifest = good / "manifest.json"
    manifest.write_bytes(spoil.replace(b"%s", manifest.read_bytes()))
    _assert_refused(reader, good, "manifest.json")


def test_a_comma_before_an_end_is_refused(reader: Reader, good: Path) -> None:
    manifest = good / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").rstrip()[:-1] + ",}", "utf-8")
    _assert_refused(reader, good, "not valid JSON")


def test_json_nested_too_deep_is_refused(reader: Reader, good: Path) -> None:
    (good / "manifest.json").write_text("[" * 500_000)
    _assert_refused(reader, good, "manifest.json")


def test_a_call_ends_when_it_is_told_to(reader: Reader, good: Path, tmp_path: Path) -> None:
    decoder = CONFORMANCE / "decoder.edge"
    long = make_long(Path(shutil.copytree(decoder, tmp_path / "long.edge")))
    done = reader("lifecycle", make_endless(good), decoder, long)
    assert (done.returncode, done.stderr) == (0, "")
    ends = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert ends.keys() >= ENDS.keys() - ONLY_IN_ONE
    assert {what: end for what, end in ends.items() if end not in ENDS[what]} == {}


def test_bench_writes_what_pythons_does(reader: Reader) -> None:
    bundle = CONFORMANCE / "good.edge"
    table = json.loads(reader("bench", bundle).stdout)
    ours = json.loads(json.dumps(bench(bundle, rounds=1).to_table()))
    assert all(result["ok"] for result in table["golden"])
    assert table["machine"]["cpu"] == Machine.here().cpu
    assert table["machine"]["instruction_sets"] == list(Machine.here().instruction_sets)
    for each in (table, ours):
        each["machine"]["versions"] = {}  # each names its own
    assert _kinds(table) == _common(_kinds(ours), _kinds(table))
    msgspec.json.decode(json.dumps(table), type=DeviceBenchmark)  # which says whether a needed key is missing


def _common(ours: object, theirs: object) -> object:
    """Return ours without the keys that theirs may leave out."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {key: _common(ours[key], theirs[key]) for key in ours if key in theirs}
    if isinstance(ours, list) and isinstance(theirs, list):
        return [_common(*pair) for pair in zip(ours, theirs, strict=True)]
    return ours


def _kinds(value: object) -> object:
    """Return the same with the kind of each value in its place; a float may be written as an integer."""
    if isinstance(value, dict):
        return {key: _kinds(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_kinds(each) for each in value]
    return "number" if type(value) in (int, float) else type(value).__name__
