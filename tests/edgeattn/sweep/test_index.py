from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from edgeattn.sweep.index import FILE, Index
from edgeattn.sweep.plan import Plan
from edgeattn.sweep.row import Outcome
from edgeattn_runtime.errors import BadInput

TINY = str(Path(__file__).parents[1] / "tiny.py")
PLAN = Plan.read([TINY], ["cosine=0.9"], ["cpu"])
OTHER = Plan.read([TINY], ["cosine=0.8"], ["cpu"])


def check_refused(folder: Path, named: str, plan: Plan = PLAN) -> None:
    with pytest.raises(BadInput, match=named), Index.opened(folder, plan):
        pass


def test_what_is_put_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    with Index.opened(tmp_path / "new", PLAN) as index:
        assert index.get("a") is None
        index.put("a", Outcome("{}"))
        index.put("a", Outcome("{1}"))
    with Index.opened(tmp_path / "new", PLAN) as index:
        assert index.get("a") == Outcome("{1}")


def test_a_row_that_could_not_be_exported_is_tried_again(tmp_path: Path) -> None:
    with Index.opened(tmp_path, PLAN) as index:
        index.put("a", Outcome(None, "torch cannot export it"))
        assert index.get("a") is None


def test_the_folder_of_another_sweep_is_refused_once_a_row_is_done(tmp_path: Path) -> None:
    with Index.opened(tmp_path, OTHER):
        pass
    with Index.opened(tmp_path, PLAN) as index:
        index.put("a", Outcome("{}"))
    check_refused(tmp_path, f"^{re.escape(str(tmp_path))}: ", OTHER)


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with Index.opened(tmp_path, PLAN):
        check_refused(tmp_path, r"sweep\.sqlite: ")


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    with Index.opened(tmp_path, PLAN):
        pass
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    check_refused(tmp_path, "99 .*1 ")


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be read as one" * 9, b"x"])
def test_what_is_no_index_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    check_refused(tmp_path, r"sweep\.sqlite: ")


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    check_refused(tmp_path, r"sweep\.sqlite: ")


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    check_refused(tmp_path, r"thesis\.tex .*sweep\.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    check_refused(tmp_path / "out", f"^{re.escape(str(tmp_path / 'out'))}: ")


def test_a_full_disk_is_told_and_keeps_what_is_done(tmp_path: Path) -> None:
    with Index.opened(tmp_path, PLAN) as index:
        index.put("a", Outcome("{}"))
        pages = index._connection.execute("PRAGMA page_count").fetchone()[0]
        index._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own: the disk is full
        with pytest.raises(BadInput, match="full"):
            index.put("b", Outcome("x" * 100_000))
        assert index.get("a") == Outcome("{}")
    with Index.opened(tmp_path, PLAN) as index:
        assert (index.get("a"), index.get("b")) == (Outcome("{}"), None)
