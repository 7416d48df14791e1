from __future__ import annotations

import re
import struct
import zipfile
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


def test_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(path)
    path.write_text("text")
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(path)
    np.save(tmp_path / "x.npy", np.ones(2))
    with pytest.raises(BadInput, match=r"x\.npy: "):
        read_npz(tmp_path / "x.npy")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_refuses_a_corrupt_file(tmp_path: Path, save: object) -> None:
    path = tmp_path / "x.npz"
    assert callable(save)
    save(path, x=np.arange(1000))
    data = bytearray(path.read_bytes())
    data[400:410] = b"corruption"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(path)


def _with_header(path: Path, header: str) -> None:
    """Write an archive of one array whose header is this, with no data behind it."""
    text = header.encode() + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text)


@pytest.mark.parametrize(
    "header",
    [f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({10**15},)}}", "(" * 5000],
)
def test_refuses_a_header_of_petabytes_or_of_none(tmp_path: Path, header: str) -> None:
    path = tmp_path / "x.npz"
    _with_header(path, header)
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(path)


def test_refuses_an_archive_that_leads_to_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x=np.arange(10))
    data = path.read_bytes()
    begin = data.rindex(b"PK\5\6") + 16  # of where the directory is told to begin, 32 bits
    path.write_bytes(data[:begin] + b"\xff\xff\xff\x7f" + data[begin + 4 :])
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(path)


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_refuses_to_write_in_place_of_a_folder(path: str) -> None:
    with pytest.raises(BadInput, match=f"^{re.escape(str(Path(path)))}: "):
        write_npz(Path(path), {"x": np.ones(2)})


def test_refuses_objects(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x=np.array([{"a": 1}]))
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(path)


def test_one_of_several_disks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_npz(path, {"x": np.ones(2)})
    archive, end = path.read_bytes().split(b"PK\5\6")
    locator = b"PK\6\7" + struct.pack("<LQL", 1, 0, 2)  # of a 64-bit end, on the second of two
    path.write_bytes(archive + locator + b"PK\5\6" + end)
    with pytest.raises(BadInput, match=r"x\.npz: (corrupt|not an \.npz)"):
        read_npz(path)


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
