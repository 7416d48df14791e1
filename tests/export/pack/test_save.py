from __future__ import annotations

import errno
import os
import re
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import edgeattn_runtime
from edgeattn_export.graph.samples import Samples
from edgeattn_export.pack import Packed, check_folder, save
from edgeattn_runtime.bundle import replacement
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import check
from edgeattn_runtime.errors import BadInput

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"


@contextmanager
def _full_disk() -> Iterator[None]:
    """Let no file grow beyond a few bytes: a full disk, by the system's own hand."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path / ".x.edge.k3j"))

    monkeypatch.setattr(tempfile, "mkdtemp", fail)
    place = re.escape(str(tmp_path / "x.edge"))
    with pytest.raises(BadInput, match=f"^{place}: .*Read-only file system"):
        check_folder(tmp_path / "x.edge")


def test_what_fails_while_it_is_written_names_the_place(
    packed: Packed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as raised:
        save(packed, tmp_path / "x.edge")
    assert raised.value.filename == str(tmp_path / "x.edge")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def renamed(packed: Packed) -> Packed:
    """Another bundle, to be told from the first by its name."""
    return replace(packed, manifest=replace(packed.manifest, name="other"))


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_bundle_is_byte_exact_and_runs(packed: Packed, samples: Samples, tmp_path: Path) -> None:
    save(packed, tmp_path / "tiny.edge")
    manifest = packed.manifest.to_json().encode()
    assert _contents(tmp_path) == {
        f"tiny.edge/{name}": data for name, data in {**packed.files, "manifest.json": manifest}.items()
    }
    net = edgeattn_runtime.load(tmp_path / "tiny.edge")
    assert net.manifest == packed.manifest
    assert np.isfinite(net(**samples[0].inputs)["embedding"]).all()
    assert all(result.ok for result in check(net))


def test_others_may_read_it(packed: Packed, tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        save(packed, tmp_path / "tiny.edge")
    finally:
        os.umask(mask)
    assert (tmp_path / "tiny.edge").stat().st_mode & 0o777 == 0o755


def test_a_bundle_is_replaced_whole(packed: Packed, renamed: Packed, tmp_path: Path) -> None:
    folder = tmp_path / "tiny.edge"
    more = replace(renamed, files={**renamed.files, "tokenizer.json": b"{}"})
    entries = {**more.manifest.files, "tokenizer.json": more.manifest.files["report.json"]}
    save(replace(more, manifest=replace(more.manifest, files=entries)), folder)
    save(packed, folder)
    assert set(_contents(folder)) == {*packed.files, "manifest.json"}
    assert open_bundle(folder).manifest.name == "tiny"
    assert list(tmp_path.iterdir()) == [folder]


def test_an_empty_folder_is_taken(packed: Packed, tmp_path: Path) -> None:
    (tmp_path / "tiny.edge").mkdir()
    save(packed, tmp_path / "tiny.edge")
    assert open_bundle(tmp_path / "tiny.edge").manifest == packed.manifest


def test_a_link_keeps_pointing_at_the_bundle(packed: Packed, renamed: Packed, tmp_path: Path) -> None:
    real, link = tmp_path / "real.edge", tmp_path / "current.edge"
    save(packed, real)
    link.symlink_to("real.edge")
    save(renamed, link)
    assert link.is_symlink()
    assert open_bundle(real).manifest.name == "other"
    assert sorted(tmp_path.iterdir()) == [link, real]


@pytest.mark.parametrize(
    "strays",
    [
        {"notes.txt": b"mine"},
        {"manifest.json": b'{"name": "another tool"}'},
        {"manifest.json": b"\xff\xfe"},
    ],
)
def test_a_folder_that_is_no_bundle_is_refused(
    strays: dict[str, bytes], packed: Packed, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    for name, data in strays.items():
        (folder / name).write_bytes(data)
    with pytest.raises(BadInput, match=rf"^{folder}: .*manifest\.json"):
        save(packed, folder)
    assert _contents(tmp_path) == {f"results/{name}": data for name, data in strays.items()}


@pytest.mark.parametrize("stray", ["notes.txt", ".env", "runs/1.log"])
def test_a_bundle_with_a_file_of_the_users_is_refused(
    stray: str, packed: Packed, renamed: Packed, tmp_path: Path
) -> None:
    folder = tmp_path / "tiny.edge"
    save(packed, folder)
    (folder / stray).parent.mkdir(exist_ok=True)
    (folder / stray).write_text("mine")
    before = _contents(tmp_path)
    with pytest.raises(BadInput, match=rf"tiny\.edge: .* {re.escape(stray)}\b"):
        save(renamed, folder)
    assert _contents(tmp_path) == before


def test_a_link_of_the_users_is_refused_as_well(packed: Packed, tmp_path: Path) -> None:
    folder = tmp_path / "tiny.edge"
    save(packed, folder)
    (folder / "data").symlink_to(CONFORMANCE, target_is_directory=True)
    with pytest.raises(BadInput, match=r"tiny\.edge: .* data\b"):
        check_folder(folder)


def test_a_file_in_the_way_is_refused(packed: Packed, tmp_path: Path) -> None:
    (tmp_path / "tiny.edge").write_text("mine")
    with pytest.raises(BadInput, match=r"tiny\.edge: "):
        save(packed, tmp_path / "tiny.edge")
    assert _contents(tmp_path) == {"tiny.edge": b"mine"}


def test_missing_parents_are_made_with_the_bundle_alone(packed: Packed, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "deeper" / "tiny.edge"
    check_folder(folder)
    assert list(tmp_path.iterdir()) == []
    save(packed, folder)
    assert open_bundle(folder).manifest == packed.manifest


def test_a_file_in_the_place_of_a_parent_is_refused(packed: Packed, tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("mine")
    with pytest.raises(BadInput, match=str(tmp_path / "deep")):
        save(packed, tmp_path / "deep" / "tiny.edge")
    assert _contents(tmp_path) == {"deep": b"mine"}


def test_a_desktops_own_files_are_replaced(packed: Packed, renamed: Packed, tmp_path: Path) -> None:
    folder = tmp_path / "tiny.edge"
    save(packed, folder)
    (folder / ".DS_Store").write_bytes(b"icons")
    save(renamed, folder)
    assert open_bundle(folder).manifest.name == "other"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["fsync", "exchange", "first rename", "second rename"])
def test_what_stops_it_midway_leaves_the_old_bundle(
    error: BaseException,
    step: str,
    packed: Packed,
    renamed: Packed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "tiny.edge"
    save(packed, folder)
    before = _contents(tmp_path)
    calls = 0
    name = step.split()[-1]
    places = {"fsync": (os, "fsync"), "exchange": (replacement, "_exchanged"), "rename": (Path, "rename")}
    owner, attribute = places[name]
    real = getattr(owner, attribute)

    def stopped(*args: object) -> object:
        nonlocal calls
        calls += 1
        if calls == (1 if step in ("exchange", "first rename") else 2):
            raise error
        return real(*args)

    with monkeypatch.context() as patch:
        if name == "rename":  # as where two folders cannot be exchanged
            patch.setattr(replacement, "_exchanged", lambda *_: False)
        patch.setattr(owner, attribute, stopped)
        with pytest.raises(type(error)):
            save(renamed, folder)
    assert calls >= 1
    assert _contents(tmp_path) == before
    assert list(tmp_path.iterdir()) == [folder]  # and no temporary folder


def test_an_interrupt_leaves_nothing_where_nothing_was(
    packed: Packed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(packed, tmp_path / "tiny.edge")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_bundle(packed: Packed, renamed: Packed, tmp_path: Path) -> None:
    folder = tmp_path / "tiny.edge"
    save(packed, folder)
    before = _contents(tmp_path)
    with _full_disk(), pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        save(renamed, folder)
    assert _contents(tmp_path) == before
    assert list(tmp_path.iterdir()) == [folder]
