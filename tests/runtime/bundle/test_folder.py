from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from hub_cache import linked_snapshot
from weighty import write as write_weighty

from edgeattn_runtime import load
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BundleError


def _refused(folder: Path, file: str = "", pattern: str = "") -> None:
    with pytest.raises(BundleError, match=f"^{re.escape(str(folder / file))}: .*{pattern}") as caught:
        open_bundle(folder)
    assert "\n" not in str(caught.value)


def test_a_whole_bundle_opens(good: Path) -> None:
    files = open_bundle(good)
    assert files.manifest.name == "tiny"
    assert files.path("model.onnx") == good / "model.onnx"
    assert open_bundle(str(good)) == files


def test_missing_file(good: Path) -> None:
    (good / "model.onnx").unlink()
    _refused(good, "model.onnx")


def test_folder_in_place_of_a_file(good: Path) -> None:
    (good / "model.onnx").unlink()
    (good / "model.onnx").mkdir()
    _refused(good, "model.onnx")


def test_truncated_file(good: Path) -> None:
    model = good / "model.onnx"
    whole = model.read_bytes()
    model.write_bytes(whole[:1024])
    _refused(good, "model.onnx", "truncated")


def test_longer_file(good: Path) -> None:
    model = good / "model.onnx"
    model.write_bytes(model.read_bytes() + b"x")
    _refused(good, "model.onnx", "bytes")


@pytest.mark.parametrize("file", ["model.onnx"])
@pytest.mark.parametrize("position", [0, -1])
def test_one_flipped_bit(good: Path, file: str, position: int) -> None:
    data = bytearray((good / file).read_bytes())
    data[position] ^= 1
    (good / file).write_bytes(data)
    _refused(good, file, "sha256")


@pytest.mark.parametrize("file", ["extra.txt", ".DS_store", "deep/extra.txt"])
def test_unlisted_file(good: Path, file: str) -> None:
    (good / file).parent.mkdir(exist_ok=True)
    (good / file).write_text("extra")
    _refused(good, file)


@pytest.mark.parametrize("file", [".DS_Store", "Thumbs.db", "deep/.DS_Store"])
def test_what_a_desktop_leaves_is_passed_over(good: Path, file: str) -> None:
    (good / file).parent.mkdir(exist_ok=True)
    (good / file).write_bytes(b"icons")
    assert open_bundle(good).manifest.name == "tiny"


def test_a_link_is_none_of_a_desktops_files(good: Path) -> None:
    (good / ".DS_Store").symlink_to("model.onnx")
    _refused(good, ".DS_Store", "not listed")


@pytest.mark.parametrize("file", [".gitattributes", ".cache/huggingface/download/model.onnx.metadata"])
def test_what_a_hub_leaves_is_passed_over(good: Path, file: str) -> None:
    (good / file).parent.mkdir(parents=True, exist_ok=True)
    (good / file).write_text("*.onnx filter=lfs")
    assert open_bundle(good).manifest.name == "tiny"


@pytest.mark.parametrize(
    "file", [".gitattributes2", "deep/.gitattributes", ".cache/other", "deep/.cache/huggingface/x"]
)
def test_what_only_looks_like_a_hubs_file(good: Path, file: str) -> None:
    (good / file).parent.mkdir(parents=True, exist_ok=True)
    (good / file).write_text("*.onnx filter=lfs")
    _refused(good, file, "not listed")


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


def test_link_within_the_folder(several: Path) -> None:
    manifest = json.loads((several / "manifest.json").read_text("utf-8"))
    manifest["files"]["twin"] = manifest["files"]["model.onnx"]
    (several / "manifest.json").write_text(json.dumps(manifest), "utf-8")
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


def test_names_that_no_system_takes(good: Path) -> None:
    with pytest.raises(BundleError, match=r"/x+ \.\.\. x+: cannot be read \(.*File name too long"):
        open_bundle(good.parent / ("x" * 5000))
    manifest = json.loads((good / "manifest.json").read_text("utf-8"))
    manifest["files"]["x" * 300] = manifest["files"]["model.onnx"]
    (good / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    _refused(good)


def test_a_file_one_may_not_read(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", forbidden)
    _refused(good, pattern="Permission denied")


def test_no_folder(tmp_path: Path) -> None:
    _refused(tmp_path / "none.edge")
    (tmp_path / "file.edge").write_text("zip")
    _refused(tmp_path / "file.edge")


def test_no_manifest(good: Path) -> None:
    (good / "manifest.json").unlink()
    _refused(good, "manifest.json")


def test_manifest_that_is_not_utf8(good: Path) -> None:
    (good / "manifest.json").write_bytes(b'{"schema": "\xff"}')
    _refused(good, "manifest.json", "UTF-8")


def test_manifest_that_is_too_large(good: Path) -> None:
    with (good / "manifest.json").open("ab") as manifest:
        manifest.write(b" " * 2**20)
    _refused(good, "manifest.json", "1,048,576")


@pytest.fixture
def signed(conformance: Path, tmp_path: Path) -> Path:
    """A copy of the signed bundle, free to be changed."""
    return shutil.copytree(conformance / "signed.edge", tmp_path / "signed.edge")


def test_a_signed_bundle_names_its_key(signed: Path) -> None:
    signature = open_bundle(signed).manifest.signature
    assert signature is not None
    assert (signature.scheme, len(signature.key)) == ("ed25519", 64)


def test_a_signature_has_64_bytes(signed: Path) -> None:
    (signed / "manifest.sig").write_bytes(bytes(65))
    _refused(signed, "manifest.sig", "65 bytes")


def test_a_signature_is_a_file_of_the_folder(signed: Path) -> None:
    outside = (signed / "manifest.sig").rename(signed.parent / "manifest.sig")
    _refused(signed, "manifest.sig")
    (signed / "manifest.sig").symlink_to(outside)
    _refused(signed, "manifest.sig", "link")
