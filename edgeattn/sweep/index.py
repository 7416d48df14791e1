"""The index of a sweep: a SQLite file in its folder, with the outcome of each row that is done."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeattn.sweep.plan import Plan
from edgeattn.sweep.row import Outcome
from edgeattn_runtime.errors import BadInput

FILE = "sweep.sqlite"
_HEAD = b"SQLite format 3\0"
APPLICATION = 0x65646765  # "edge", in the file's header
VERSION = 1  # of the tables

_TABLES = (
    "CREATE TABLE plan (rows TEXT NOT NULL)",
    "CREATE TABLE outcomes (key TEXT PRIMARY KEY, report TEXT, told TEXT NOT NULL)",
)


class Index:
    """Outcomes by the key of their row's question; each is on disk as soon as it is put."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, plan: Plan) -> Iterator[Index]:
        """Open the index of a folder for only this process, or begin one.

        Args:
            folder: Made where it is missing.
            plan: Of the sweep, which an index that is there must be of.

        Raises:
            BadInput: The folder holds something else, another sweep, an index of another version, or one
                that another process works on; or it cannot be written.
        """
        path = folder / FILE
        _check_folder(folder, path)
        with _readable(path):
            folder.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            with _readable(path):
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("BEGIN EXCLUSIVE")
                _check_or_begin(path, connection, plan)
                connection.execute("COMMIT")
            yield cls(path, connection)
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the file: nothing is stored later, and nothing else stays in its folder."""
        self._connection.close()

    def get(self, key: str) -> Outcome | None:
        """Return what a row came to; None where it is not done, or could not be exported."""
        with _readable(self._path):
            row = self._connection.execute(
                "SELECT report, told FROM outcomes WHERE key = ? AND report IS NOT NULL", (key,)
            ).fetchone()
        return None if row is None else Outcome(*row)

    def put(self, key: str, outcome: Outcome) -> None:
        """Store what a row came to, in place of what it came to before.

        Raises:
            BadInput: The disk is full.
        """
        with _readable(self._path):
            self._connection.execute(
                "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", (key, outcome.report, outcome.reason)
            )


def _check_folder(folder: Path, path: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder}: a file; expected a folder; name another with -o")
    if path.is_file() and _head(path) not in (b"", _HEAD):  # "" of one just begun
        raise BadInput(f"{path}: not the index of a sweep; name another folder with -o")
    if folder.is_dir() and not path.exists():
        stray = next(folder.iterdir(), None)
        if stray is not None:
            raise BadInput(
                f"{folder}: holds {stray.name} and no {FILE}; expected a sweep's folder or an empty one; "
                "name another with -o"
            )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_HEAD))


def _check_or_begin(path: Path, connection: sqlite3.Connection, plan: Plan) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if not tables:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO plan VALUES (?)", (plan.to_json(),))
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        return
    if application != APPLICATION:
        raise BadInput(f"{path}: not the index of a sweep; name another folder with -o")
    if version != VERSION:
        raise BadInput(
            f"{path}: version {version} found, {VERSION} expected; name another folder with -o: what was "
            "measured is remembered"
        )
    (rows,) = connection.execute("SELECT rows FROM plan").fetchone()
    (done,) = connection.execute("SELECT COUNT(*) FROM outcomes").fetchone()
    if rows != plan.to_json() and not done:  # one that was refused before its first row
        connection.execute("UPDATE plan SET rows = ?", (plan.to_json(),))
    elif rows != plan.to_json():
        raise BadInput(
            f"{path.parent}: holds another sweep; give the same models, budgets, targets and devices, or "
            "name another folder with -o: what both ask for is remembered"
        )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Put into one line what SQLite or the disk refuses."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise BadInput(f"{path}: another process works on this sweep; wait until it ends") from error
        raise BadInput(
            f"{path}: {error}; make room, or let it be written, and give the same command again: rows "
            "that are done stay done"
        ) from error
    except sqlite3.DatabaseError as error:
        raise BadInput(
            f"{path}: {error}; expected the index of a sweep; name another folder with -o"
        ) from error
