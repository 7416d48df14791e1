"""What lies hidden beside a bundle: what a killed writer left goes, and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import pytest

from edgeattn_runtime.bundle import replacement
from edgeattn_runtime.bundle.folder_lock import own_folders
from edgeattn_runtime.bundle.replacement import restore, staged

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Python locks no folder on Windows")

NAME = ".x.edge.k3_9xzab"


@pytest.fixture
def bundle(tmp_path: Path, conformance: Path) -> Path:
    """A bundle in a folder of its own."""
    return shutil.copytree(conformance / "good.edge", tmp_path / "apps" / "x.edge")


def _digest(bundle: Path) -> str:
    return hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest()


def _left(bundle: Path, *, name: str = NAME, marked: str = NAME, mode: int = 0o700) -> Path:
    """Lay beside a bundle what a writer leaves that is killed as it writes."""
    folder = bundle.parent / name
    (folder / "new" / "deep").mkdir(parents=True)
    (folder / "new" / "deep" / "model.onnx").write_text("half")
    (folder / "new" / "deep").chmod(0o500)
    (folder / "edgeattn-replacement").write_text(f"{marked} replaces {_digest(bundle)}\n")
    folder.chmod(mode)
    return folder


def _aside(bundle: Path) -> Path:
    """Move a bundle aside, as a writer leaves it that is killed before the other takes its place."""
    folder = _left(bundle)
    bundle.rename(folder / "old")
    return folder


def test_what_a_killed_writer_left_is_removed(bundle: Path) -> None:
    _left(bundle)
    (bundle.parent / ".x.edge.00000000").mkdir(mode=0o700)
    (bundle.parent / ".x.edge.00000001").mkdir(mode=0o700)
    (bundle.parent / ".x.edge.00000001" / "edgeattn-replacement").touch()
    restore(bundle)
    assert [path.name for path in bundle.parent.iterdir()] == ["x.edge"]


def test_a_bundle_moved_aside_is_brought_back(bundle: Path) -> None:
    digest = _digest(bundle)
    _aside(bundle)
    restore(bundle)
    assert _digest(bundle) == digest
    assert [path.name for path in bundle.parent.iterdir()] == ["x.edge"]


@pytest.mark.parametrize("name", [".x.edge.backup", ".x.edge.cache_v2", ".x.edge.k3_9xzab.1"])
def test_a_folder_without_a_marker_is_left(bundle: Path, name: str) -> None:
    own = bundle.parent / name
    own.mkdir(mode=0o700)
    (own / "weights of a month").write_text("precious")
    with staged(bundle) as staging:
        (staging / "manifest.json").write_text("{}")
    assert (own / "weights of a month").read_text() == "precious"


def test_a_copy_of_a_folder_is_left(bundle: Path) -> None:
    assert _kept(bundle, _left(bundle, name=".x.edge.backup_1"))


def test_a_folder_that_others_may_write_is_left(bundle: Path) -> None:
    assert _kept(bundle, _left(bundle, mode=0o770))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone gives a folder away")
def test_another_user_s_folder_is_left(bundle: Path) -> None:
    folder = _left(bundle)
    os.chown(folder, 65534, 65534)
    assert _kept(bundle, folder)


def test_a_folder_with_more_in_it_is_left(bundle: Path) -> None:
    folder = _left(bundle)
    (folder / "notes.txt").touch()
    assert _kept(bundle, folder)


@pytest.mark.parametrize("marker", ["", "k", f"{NAME} replaces {'g' * 64}\n", f"{NAME} replaces {'0' * 64}"])
def test_a_folder_with_another_marker_is_left(bundle: Path, marker: str) -> None:
    folder = _left(bundle)
    (folder / "edgeattn-replacement").write_text(marker)
    assert _kept(bundle, folder)


def test_a_marker_that_is_a_link_or_a_pipe_is_none(bundle: Path) -> None:
    folder = _left(bundle)
    marker = (folder / "edgeattn-replacement").rename(bundle.parent / "marker")
    (folder / "edgeattn-replacement").symlink_to(marker)
    assert _kept(bundle, folder)
    (folder / "edgeattn-replacement").unlink()
    os.mkfifo(folder / "edgeattn-replacement")
    assert _kept(bundle, folder)


def test_a_bundle_of_another_digest_is_not_brought_back(bundle: Path) -> None:
    folder = _aside(bundle)
    (folder / "old" / "manifest.json").write_text("{}")
    restore(bundle)
    assert not bundle.exists()
    assert (folder / "old" / "manifest.json").read_text() == "{}"


@pytest.mark.parametrize("where", ["", "new", "new/deep/link"])
def test_no_link_is_followed(bundle: Path, tmp_path: Path, where: str) -> None:
    victim = tmp_path / "victim"
    (victim / "new").mkdir(parents=True, mode=0o755)
    (victim / "index").touch()
    folder = _left(bundle)
    link = folder / where if where else folder
    (folder / "new" / "deep").chmod(0o700)
    if where != "new/deep/link":
        shutil.rmtree(link)
    link.symlink_to(victim)
    restore(bundle)
    assert {path.name: path.stat().st_mode & 0o777 for path in (victim, victim / "new")} == {
        "victim": 0o755,
        "new": 0o755,
    }
    assert (victim / "index").exists()
    assert folder.exists() is (where != "new/deep/link")


def test_a_bundle_that_cannot_be_exchanged_outlives_a_failure(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name == "new":
            # A signal removes those, and the old bundle would be in one of them.
            assert all(each.parent != bundle.parent for each in own_folders())
            raise OSError
        return rename(path, target)

    monkeypatch.setattr(replacement, "_exchanged", lambda *_: False)
    monkeypatch.setattr(Path, "rename", failing)
    digest = _digest(bundle)
    with pytest.raises(OSError), staged(bundle) as staging:  # noqa: PT011 - it is the one above
        (staging / "manifest.json").write_text("{}")
    assert _digest(bundle) == digest
    assert [path.name for path in bundle.parent.iterdir()] == ["x.edge"]


def _kept(bundle: Path, folder: Path) -> bool:
    restore(bundle)
    return (folder / "new" / "deep" / "model.onnx").exists()
