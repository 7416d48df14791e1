from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from edgeattn.devices.on_device.files import Files
from edgeattn_runtime.errors import BadInput

CONTENT = b"0123456789"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files", limit=100)


def _send(files: Files, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    files.keep(digest, 0, len(content), content)
    return digest


def test_pieces_make_a_file(files: Files) -> None:
    files.keep(DIGEST, 0, 10, CONTENT[:4])
    assert files.missing({"a": DIGEST}) == [DIGEST]
    files.keep(DIGEST, 4, 10, CONTENT[4:])
    assert files.missing({"a": DIGEST}) == []
    assert files.read(DIGEST) == CONTENT


def test_a_piece_that_continues_nothing_is_refused(files: Files) -> None:
    files.keep(DIGEST, 0, 10, CONTENT[:4])
    with pytest.raises(BadInput, match="at 6 found, 4 expected"):
        files.keep(DIGEST, 6, 10, CONTENT[6:])


def test_a_piece_may_come_again(files: Files) -> None:
    for start, end in ((0, 4), (4, 8), (4, 8), (8, 10), (8, 10)):
        files.keep(DIGEST, start, 10, CONTENT[start:end])
    assert files.read(DIGEST) == CONTENT


def test_what_a_killed_process_laid_out_is_removed(files: Files) -> None:
    _send(files, CONTENT)
    with files.laid_out({"model.onnx": DIGEST}) as folder:
        files.tidy()
        assert not folder.exists()
        folder.mkdir()
    assert files.read(DIGEST) == CONTENT


def test_another_content_is_refused_and_forgotten(files: Files) -> None:
    with pytest.raises(BadInput, match="send it again"):
        files.keep(DIGEST, 0, 10, b"9876543210")
    assert list(files.folder.iterdir()) == []


def test_a_file_that_was_cut_short_is_missing_and_comes_again(files: Files) -> None:
    files.folder.mkdir()
    (files.folder / DIGEST).write_bytes(CONTENT[:4])
    assert files.missing({"a": DIGEST}) == [DIGEST]
    files.keep(DIGEST, 0, 10, CONTENT)
    assert files.missing({"a": DIGEST}) == []
    assert files.read(DIGEST) == CONTENT


def test_what_was_kept_before_a_restart_is_still_here(files: Files) -> None:
    _send(files, CONTENT)
    assert Files(files.folder, files.limit).missing({"a": DIGEST}) == []


def test_a_digest_is_no_path(files: Files) -> None:
    for digest in ("../x", "", DIGEST.upper(), f"{DIGEST}/"):
        with pytest.raises(BadInput, match="64 hexadecimal digits"):
            files.keep(digest, 0, 1, b"1")


def test_files_lie_under_their_names_for_a_while(files: Files) -> None:
    _send(files, CONTENT)
    with files.laid_out({"model.onnx": DIGEST, "cpu-pi4/report.json": DIGEST}) as folder:
        assert (folder / "cpu-pi4" / "report.json").read_bytes() == CONTENT
    assert not folder.exists()
    assert files.read(DIGEST) == CONTENT


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", ".hidden", "-flag", "a/../../b", ""])
def test_a_path_stays_in_its_folder(files: Files, path: str) -> None:
    _send(files, CONTENT)
    with pytest.raises(BadInput, match="parts of A-Z"), files.laid_out({path: DIGEST}):
        pass


def test_what_was_not_used_for_longest_makes_room(files: Files) -> None:
    old, used, new = bytes(40), bytes(41), bytes(42)
    for age, content in ((20, old), (10, used)):
        digest = _send(files, content)
        os.utime(files.folder / digest, (age, age))
    files.read(_send(files, old))
    _send(files, new)
    kept = {path.stat().st_size for path in files.folder.iterdir()}
    assert kept == {40, 42}


def test_a_file_beyond_the_limit_is_refused(files: Files) -> None:
    with pytest.raises(BadInput, match="at most"):
        files.keep(DIGEST, 0, 101, b"")


def test_a_full_disk_is_one_line(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(BadInput, match=r"its disk is full: .* MB free in .*; free some there"):
        files.keep(DIGEST, 0, 10, CONTENT)
