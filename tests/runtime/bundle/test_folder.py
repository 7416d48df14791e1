from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from broken_manifest import Change
from hub_cache import linked_snapshot
from weighty import write as write_weighty

from edgeattn_runtime import load
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BundleError

Edited = Callable[[str, Change], Path]


def _refused(folder: Path, file: str = "", pattern: str = "") -> None:
    with pytest.raises(BundleError, match=f"^{re.escape(str(folder / file))}: .*{pattern}") as caught:
        open_bundle(folder)
    assert "\n" not in str(caught.value)


def test_a_whole_bundle_opens(good: Path) -> None:
    files = open_bundle(good)
    assert files.manifest.name == "tiny"
    assert files.path("model.onnx") == good / "model.onnx"
    assert open_bundle(str(good)) == files


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json"])
def test_missing_file(good: Path, file: str) -> None:
    (good / file).unlink()
    _refused(good, file)


def test_folder_in_place_of_a_file(good: Path) -> None:
    (good / "model.onnx").unlink()
    (good / "model.onnx").mkdir()
    _refused(good, "model.onnx")


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        (lambda whole: whole[:1024], "truncated"),
        (lambda whole: whole + b"x", "bytes"),
        (lambda whole: bytes([whole[0] ^ 1]) + whole[1:], "sha256"),
        (lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]), "sha256"),
    ],
    ids=["shorter", "longer", "first bit", "last bit"],
)
def test_changed_file(good: Path, change: Callable[[bytes], bytes], pattern: str) -> None:
    model = good / "model.onnx"
    model.write_bytes(change(model.read_bytes()))
    _refused(good, "model.onnx", pattern)


def _add(folder: Path, file: str) -> None:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text("extra")


@pytest.mark.parametrize(
    "file",
    [
        *("extra.txt", ".DS_store", "deep/extra.txt"),
        *(".gitattributes2", "deep/.gitattributes", ".cache/other", "deep/.cache/huggingface/x"),
    ],
)
def test_unlisted_file(good: Path, file: str) -> None:
    _add(good, file)
    _refused(good, file, "not listed")


@pytest.mark.parametrize(
    "file",
    [
        *(".DS_Store", "Thumbs.db", "deep/.DS_Store"),
        *(".gitattributes", ".cache/huggingface/download/model.onnx.metadata"),
    ],
)
def test_what_a_desktop_or_a_hub_leaves_is_passed_over(good: Path, file: str) -> None:
    _add(good, file)
    assert open_bundle(good).manifest.name == "tiny"


def test_a_link_is_none_of_a_desktops_files(good: Path) -> None:
    (good / ".DS_Store").symlink_to("model.onnx")
    _refused(good, ".DS_Store", "not listed")


@pytest.mark.parametrize("below", ["", "tiny.edge"])
def test_a_snapshot_in_a_hubs_cache_is_loaded(good: Path, tmp_path: Path, below: str) -> None:
    snapshot = linked_snapshot(good, tmp_path / "hub", below)
    assert (snapshot / "model.onnx").is_symlink()
    with load(snapshot) as model:
        assert all(result.ok for result in model.check())


def test_weights_behind_links_of_a_hubs_cache_are_mapped(tmp_path: Path) -> None:
    snapshot = linked_snapshot(write_weighty(tmp_path / "weighty.edge"), tmp_path / "hub", "weighty.edge")
    with load(snapshot) as model:
        assert all(result.ok for result in model.check())


@pytest.mark.parametrize("other", [{"blobs": "files"}, {"snapshots": "revisions"}])
def test_links_as_in_no_hubs_cache(good: Path, tmp_path: Path, other: dict[str, str]) -> None:
    snapshot = linked_snapshot(good, tmp_path / "hub", **other)
    _refused(snapshot, "manifest.json", "link")


def test_a_link_from_a_snapshot_past_its_blobs(good: Path, tmp_path: Path) -> None:
    snapshot = linked_snapshot(good, tmp_path / "hub", "")
    outside = (snapshot / "model.onnx").resolve().rename(tmp_path / "outside")
    (snapshot / "model.onnx").unlink()
    (snapshot / "model.onnx").symlink_to(outside)
    _refused(snapshot, "model.onnx", "link")


def test_empty_folder_is_nothing(good: Path) -> None:
    (good / "empty").mkdir()
    open_bundle(good)


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json"])
def test_link_out_of_the_folder(good: Path, file: str) -> None:
    outside = (good / file).rename(good.parent / file)
    (good / file).symlink_to(outside)
    _refused(good, file, "link")


def test_linked_folder_out_of_the_folder(several: Path) -> None:
    outside = (several / "weights").rename(several.parent / "weights")
    (several / "weights").symlink_to(outside)
    _refused(several, "weights/lookup.bin", "link")


def test_unlisted_link_to_a_folder(good: Path) -> None:
    (good / "link").symlink_to(good.parent)
    _refused(good, "link")


def _with_twin(name: str) -> Change:
    """Return what lists the model under another name too."""
    return lambda manifest: manifest["files"].update({name: manifest["files"]["model.onnx"]})


def test_link_within_the_folder(edited: Edited) -> None:
    several = edited("several", _with_twin("twin"))
    (several / "twin").symlink_to("model.onnx")
    open_bundle(several)


def test_link_to_the_folder_itself(good: Path) -> None:
    link = good.parent / "link.edge"
    link.symlink_to(good)
    assert open_bundle(link).manifest.name == "tiny"


def test_link_to_itself(good: Path) -> None:
    (good / "model.onnx").unlink()
    (good / "model.onnx").symlink_to("model.onnx")
    with pytest.raises(BundleError, match=r"model\.onnx"):
        open_bundle(good)


def test_names_that_no_system_takes(tmp_path: Path, edited: Edited) -> None:
    with pytest.raises(BundleError, match=r"/x+ \.\.\. x+: cannot be read \(.*File name too long"):
        open_bundle(tmp_path / ("x" * 5000))
    _refused(edited("good", _with_twin("x" * 300)))


def test_a_file_one_may_not_read(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", forbidden)
    _refused(good, pattern="Permission denied")


def test_no_folder(tmp_path: Path) -> None:
    _refused(tmp_path / "none.edge")
    (tmp_path / "file.edge").write_text("zip")
    _refused(tmp_path / "file.edge")


def test_manifest_that_is_not_utf8(good: Path) -> None:
    (good / "manifest.json").write_bytes(b'{"schema": "\xff"}')
    _refused(good, "manifest.json", "UTF-8")


def test_manifest_that_is_too_large(good: Path) -> None:
    with (good / "manifest.json").open("ab") as manifest:
        manifest.write(b" " * 2**20)
    _refused(good, "manifest.json", "1,048,576")


def test_a_signature_has_64_bytes(signed: Path) -> None:
    (signed / "manifest.sig").write_bytes(bytes(65))
    _refused(signed, "manifest.sig", "65 bytes")


def test_a_signature_is_a_file_of_the_folder(signed: Path) -> None:
    outside = (signed / "manifest.sig").rename(signed.parent / "manifest.sig")
    _refused(signed, "manifest.sig")
    (signed / "manifest.sig").symlink_to(outside)
    _refused(signed, "manifest.sig", "link")
