from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from edgeattn_runtime.device.files import Files
from edgeattn_runtime.device.request import Piece
from edgeattn_runtime.errors import BadInput

BLOCK = 4096
CONTENT = b"0123456789"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files", limit=4 * BLOCK)


def _keep(files: Files, start: int, size: int, content: bytes, digest: str = DIGEST) -> None:
    files.keep([(Piece(sha256=digest, start=start, size=size), content)])


def _send(files: Files, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    _keep(files, 0, len(content), content, digest)
    return digest


def test_pieces_make_a_file(files: Files) -> None:
    _keep(files, 0, 10, CONTENT[:4])
    assert files.missing([DIGEST]) == [DIGEST]
    _keep(files, 4, 10, CONTENT[4:])
    assert files.missing([DIGEST]) == []
    assert files.read(DIGEST) == CONTENT


def test_a_piece_that_continues_nothing_is_refused(files: Files) -> None:
    _keep(files, 0, 10, CONTENT[:4])
    with pytest.raises(BadInput, match=r"6 .*4 "):
        _keep(files, 6, 10, CONTENT[6:])


def test_a_piece_may_come_again(files: Files) -> None:
    for start, end in ((0, 4), (4, 8), (4, 8), (8, 10), (8, 10)):
        _keep(files, start, 10, CONTENT[start:end])
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
        _keep(files, 0, 10, b"9876543210")
    assert list(files.folder.iterdir()) == []


def test_a_file_that_was_cut_short_is_missing_and_comes_again(files: Files) -> None:
    files.folder.mkdir()
    (files.folder / DIGEST).write_bytes(CONTENT[:4])
    assert files.missing([DIGEST]) == [DIGEST]
    _send(files, CONTENT)
    assert files.missing([DIGEST]) == []
    assert files.read(DIGEST) == CONTENT


def test_what_was_kept_before_a_restart_is_still_here(files: Files) -> None:
    _send(files, CONTENT)
    assert Files(files.folder, files.limit).missing([DIGEST]) == []


def test_files_lie_under_their_names_for_a_while(files: Files) -> None:
    _send(files, CONTENT)
    with files.laid_out({"model.onnx": DIGEST, "cpu-pi4/report.json": DIGEST}) as folder:
        assert (folder / "cpu-pi4" / "report.json").read_bytes() == CONTENT
    assert not folder.exists()
    assert files.read(DIGEST) == CONTENT


def test_what_was_not_used_for_longest_makes_room(files: Files) -> None:
    contents = {name: bytes([i]) * BLOCK for i, name in enumerate(("old", "older", "a", "b", "new"))}
    digests = {name: _send(files, contents[name]) for name in ("old", "older", "a", "b")}
    for age, name in ((20, "old"), (10, "older")):
        os.utime(files.folder / digests[name], (age, age))
    _send(files, contents["new"])
    assert files.missing(digests.values()) == [digests["older"]]


def test_a_file_beyond_the_limit_is_refused(files: Files) -> None:
    with pytest.raises(BadInput, match="at most"):
        _keep(files, 0, 5 * BLOCK, b"1")


@pytest.mark.parametrize(("start", "size", "content"), [(0, 1, bytes(10)), (8, 9, b"12"), (0, 9, b"")])
def test_a_piece_is_as_large_as_was_announced(files: Files, start: int, size: int, content: bytes) -> None:
    with pytest.raises(BadInput, match="a piece of"):
        _keep(files, start, size, content)
    assert list(files.folder.iterdir()) == []


def test_the_limit_is_of_what_has_come_however_it_was_announced(files: Files) -> None:
    for i in range(20):
        _keep(files, 0, BLOCK, bytes(BLOCK - 1), f"{i:064x}")
        _send(files, bytes([i]))
    taken = sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in files.folder.iterdir())
    assert taken <= files.limit
    with pytest.raises(BadInput, match="at once"):
        files.keep([(Piece(sha256=f"{i:064x}", start=0, size=BLOCK), b"1") for i in range(5)])


def test_a_full_disk_is_one_line(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(BadInput, match=r"disk .* MB .*"):
        _send(files, CONTENT)
