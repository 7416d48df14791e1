"""With sanitizers every case is answered too; links, hidden files and odd bytes are refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import questions
from hub_cache import linked_snapshot

Run = Callable[..., subprocess.CompletedProcess[str]]
CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"


def test_every_case_agrees_with_sanitizers(run: Run, clang: Path) -> None:
    done = run(clang / "tests" / "edgeattn-conformance", CONFORMANCE)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line for line in lines if not line["agrees"]] == []
    assert sorted((line["bundle"], line["what"]) for line in lines) == sorted(questions(CONFORMANCE))


@pytest.mark.parametrize(
    ("fault", "report"),
    [
        ("load", "heap-buffer-overflow"),
        ("store", "heap-buffer-overflow"),
        ("overflow", "signed integer overflow"),
    ],
)
def test_sanitizers_report_a_planted_fault(clang: Path, fault: str, report: str) -> None:
    command = [str(clang / "tests" / "planted_fault"), fault]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode
    assert report in done.stderr


def test_a_link_that_leaves_the_folder_is_refused(run: Run, gcc: Path, tmp_path: Path) -> None:
    bundle = shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "good.edge")
    (bundle / "model.onnx").unlink()
    (bundle / "model.onnx").symlink_to(CONFORMANCE / "good.edge" / "model.onnx")
    assert "a link that leaves the folder" in run(gcc / "edgeattn-run", "check", bundle, code=2).stderr


def test_a_snapshot_in_a_hubs_cache_is_checked(run: Run, gcc: Path, tmp_path: Path) -> None:
    snapshot = linked_snapshot(CONFORMANCE / "good.edge", tmp_path, "good.edge")
    assert run(gcc / "edgeattn-run", "check", snapshot).returncode == 0
    other = linked_snapshot(CONFORMANCE / "good.edge", tmp_path / "other", blobs="files")
    assert "a link that leaves the folder" in run(gcc / "edgeattn-run", "check", other, code=2).stderr


@pytest.mark.parametrize("name", [".hidden", "folder/.hidden"])
def test_a_hidden_file_is_refused(run: Run, gcc: Path, tmp_path: Path, name: str) -> None:
    bundle = shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "good.edge")
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).touch()
    assert f"{name}: not listed" in run(gcc / "edgeattn-run", "check", bundle, code=2).stderr


def test_a_link_to_a_folder_is_refused(run: Run, gcc: Path, tmp_path: Path) -> None:
    bundle = shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "good.edge")
    (bundle / "linked").symlink_to(CONFORMANCE)
    assert "linked: not listed" in run(gcc / "edgeattn-run", "check", bundle, code=2).stderr


def test_a_manifest_nested_too_deep_overflows_no_stack(run: Run, clang: Path, tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.write_text('{"schema": 2, "provenance": ' + "[" * 500_000, "utf-8")
    run(clang / "tests" / "fuzz_manifest", deep)


@pytest.mark.parametrize(("before", "after"), [(b"\xef\xbb\xbf", b""), (b"", b"\0 behind a NUL")])
def test_bytes_around_the_manifest_are_refused(
    run: Run, gcc: Path, tmp_path: Path, before: bytes, after: bytes
) -> None:
    bundle = shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "good.edge")
    manifest = bundle / "manifest.json"
    manifest.write_bytes(before + manifest.read_bytes() + after)
    assert "not valid JSON" in run(gcc / "edgeattn-run", "check", bundle, code=2).stderr
