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


def _add(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("extra")


def _moved_out(path: Path) -> None:
    path.symlink_to(path.rename(path.parents[1] / path.name))


def _rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def _in_place(make: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda path: (path.unlink(), make(path))


MODEL, MANIFEST = "model.onnx", "manifest.json"
UNLISTED = (
    *("extra.txt", ".DS_store", "deep/extra.txt", ".gitattributes2", "deep/.gitattributes"),
    *(".cache/other", "deep/.cache/huggingface/x"),
)


@pytest.mark.parametrize(
    ("file", "change", "pattern"),
    [
        (MODEL, Path.unlink, "no such file"),
        (MANIFEST, Path.unlink, "no such file"),
        (MODEL, _in_place(Path.mkdir), "no such file"),
        (MODEL, _rewritten(lambda whole: whole[:1024]), "truncated"),
        (MODEL, _rewritten(lambda whole: whole + b"x"), "bytes"),
        (MODEL, _rewritten(lambda whole: bytes([whole[0] ^ 1]) + whole[1:]), "sha256"),
        (MODEL, _rewritten(lambda whole: whole[:-1] + bytes([whole[-1] ^ 1])), "sha256"),
        (MODEL, _moved_out, "link"),
        (MANIFEST, _moved_out, "link"),
        (MANIFEST, _rewritten(lambda _: b'{"schema": "\xff"}'), "UTF-8"),
        (MANIFEST, _rewritten(lambda whole: whole + b" " * 2**20), "1,048,576"),
        (
            ".DS_Store",
            lambda path: path.symlink_to(MODEL),
            "not listed",
        ),  # a link
        ("link", lambda path: path.symlink_to(path.parents[1]), ""),
        *((file, _add, "not listed") for file in UNLISTED),
    ],
)
def test_what_is_not_whole_is_refused(
    good: Path, file: str, change: Callable[[Path], object], pattern: str
) -> None:
    change(good / file)
    _refused(good, file, pattern)


def test_no_folder(tmp_path: Path) -> None:
    _refused(tmp_path / "none.edge", pattern="nothing found")
    (tmp_path / "file.edge").write_text("zip")
    _refused(tmp_path / "file.edge", pattern="a file found")


def test_link_to_itself(good: Path) -> None:
    _in_place(lambda path: path.symlink_to(path.name))(good / MODEL)
    with pytest.raises(BundleError, match=r"model\.onnx"):
        open_bundle(good)


@pytest.mark.parametrize(
    "file",
    [
        *(".DS_Store", "Thumbs.db", "deep/.DS_Store"),
        *(".gitattributes", ".cache/huggingface/download/model.onnx.metadata"),
    ],
)
def test_what_a_desktop_or_a_hub_leaves_is_passed_over(good: Path, file: str) -> None:
    _add(good / file)
    assert open_bundle(good).manifest.name == "tiny"


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


def test_linked_folder_out_of_the_folder(several: Path) -> None:
    outside = (several / "weights").rename(several.parent / "weights")
    (several / "weights").symlink_to(outside)
    _refused(several, "weights/lookup.bin", "link")


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


def test_names_that_no_system_takes(tmp_path: Path, edited: Edited) -> None:
    with pytest.raises(BundleError, match=r"/x+ \.\.\. x+: cannot be read \(.*File name too long"):
        open_bundle(tmp_path / ("x" * 5000))
    _refused(edited("good", _with_twin("x" * 300)))


def test_a_file_one_may_not_read(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", forbidden)
    _refused(good, pattern="Permission denied")


def test_a_signature_has_64_bytes(signed: Path) -> None:
    (signed / "manifest.sig").write_bytes(bytes(65))
    _refused(signed, "manifest.sig", "65 bytes")


def test_a_signature_is_a_file_of_the_folder(signed: Path) -> None:
    outside = (signed / "manifest.sig").rename(signed.parent / "manifest.sig")
    _refused(signed, "manifest.sig")
    (signed / "manifest.sig").symlink_to(outside)
    _refused(signed, "manifest.sig", "link")
