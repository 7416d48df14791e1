from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.processing.npz import EXPANDED, read_npz, write_npz


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    arrays: Arrays = {
        "ids": np.arange(6).reshape(2, 3),
        "file": np.array(1.5, np.float32),
        "a/b": np.zeros((0, 2), bool),
    }
    write_npz(path, arrays)
    copy = read_npz(path)
    assert copy.keys() == arrays.keys()
    for name, array in arrays.items():
        assert copy[name].dtype == array.dtype
        np.testing.assert_array_equal(copy[name], array, strict=True)
    with np.load(path) as loaded:
        assert sorted(loaded) == sorted(arrays)


def test_replaces_a_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_text("old")
    write_npz(path, {"x": np.ones(2)})
    assert list(tmp_path.iterdir()) == [path]
    np.testing.assert_array_equal(read_npz(path)["x"], np.ones(2))


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_text("old")
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_npz(path, {"x": np.ones(2), "y": np.array([{}])})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_makes_folders_that_are_missing(tmp_path: Path) -> None:
    write_npz(tmp_path / "deep" / "deeper" / "x.npz", {"x": np.ones(2)})
    np.testing.assert_array_equal(read_npz(tmp_path / "deep" / "deeper" / "x.npz")["x"], np.ones(2))


def test_refuses_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput, match="file"):
        write_npz(tmp_path / "file" / "x.npz", {"x": np.ones(2)})


def _headed(header: str) -> Callable[[Path], object]:
    """Return what writes an archive of one array whose header is this, with no data behind it."""

    def write(path: Path) -> None:
        text = header.encode() + b"\n"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text)

    return write


def _spoiled(
    spoil: Callable[[bytes], bytes], save: Callable[..., None] = np.savez
) -> Callable[[Path], object]:
    """Return what writes an archive of a thousand numbers with its bytes changed."""

    def write(path: Path) -> None:
        save(path, x=np.arange(1000))
        path.write_bytes(spoil(path.read_bytes()))

    return write


def _corrupted(data: bytes) -> bytes:
    return data[:400] + b"corruption" + data[410:]


def _to_nowhere(data: bytes) -> bytes:
    begin = data.rindex(b"PK\5\6") + 16  # of where the directory is told to begin, 32 bits
    return data[:begin] + b"\xff\xff\xff\x7f" + data[begin + 4 :]


def _on_two_disks(data: bytes) -> bytes:
    archive, end = data.split(b"PK\5\6")
    locator = b"PK\6\7" + struct.pack("<LQL", 1, 0, 2)  # of a 64-bit end, on the second of two
    return archive + locator + b"PK\5\6" + end


def _one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones(2))


REFUSED: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None,
    "a text": lambda path: path.write_text("text"),
    "one array": _one_array,
    "objects": lambda path: np.savez(path, x=np.array([{"a": 1}])),
    "corrupt": _spoiled(_corrupted),
    "corrupt, compressed": _spoiled(_corrupted, np.savez_compressed),
    "a directory nowhere": _spoiled(_to_nowhere),
    "one of several disks": _spoiled(_on_two_disks),
    "petabytes": _headed(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({10**15},)}}"),
    "a header without an end": _headed("(" * 5000),
}


@pytest.mark.parametrize("write", REFUSED.values(), ids=REFUSED)
def test_what_is_no_archive_of_arrays_is_refused(write: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write(path)
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(path)


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_refuses_to_write_in_place_of_a_folder(path: str) -> None:
    with pytest.raises(BadInput, match=f"^{re.escape(str(Path(path)))}: "):
        write_npz(Path(path), {"x": np.ones(2)})


def test_arrays_larger_than_their_file_may_hold_are_not_read(tmp_path: Path) -> None:
    """Zeros shrink a thousandfold: the archive's own sizes say so, and no array is there to be read."""
    path, half = tmp_path / "x.npz", EXPANDED // 2 // 8
    np.savez_compressed(path, x=np.zeros(half), y=np.zeros(half - 100))
    assert read_npz(path)["x"].shape == (half,)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("z.npy", bytes(1000))
    with pytest.raises(BadInput, match=r"x\.npz: 268 MB of arrays found, at most 268 MB.* numpy\.savez$"):
        read_npz(path)


def test_arrays_that_are_not_compressed_may_be_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeattn_runtime.processing.npz.EXPANDED", 1000)
    path = tmp_path / "x.npz"
    np.savez(path, x=np.zeros(10_000))
    assert read_npz(path)["x"].shape == (10_000,)
    np.savez_compressed(path, x=np.zeros(10_000))
    with pytest.raises(BadInput, match="of a compressed file of its size"):
        read_npz(path)
