"""Texts in UTF-8: where a file is in another encoding, its line and the command that converts it."""

from __future__ import annotations

import codecs
from pathlib import Path
from shlex import quote

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_utf8(file: Path) -> str:
    """Return the text of a file, without a byte order mark.

    Raises:
        ValueError: It is no UTF-8; the message begins with the line.
    """
    obstacle = not_utf8(file)
    if obstacle is not None:
        raise ValueError(obstacle)
    return file.read_text(encoding="utf-8-sig")


def not_utf8(file: Path) -> str | None:
    """Return where a file is no UTF-8 and what to do, such as "line 2: byte 0xe9 found, ..."; else None."""
    content = file.read_bytes()
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = content[error.start]
        encoding = "utf-16" if content.startswith(_UTF_16) else "latin1"
        name, new = quote(str(file)), quote(str(file.with_stem(f"{file.stem}-utf8")))
        return (
            f"line {line}: byte 0x{found:02x} found, UTF-8 expected; convert it: "
            f"iconv -f {encoding} -t utf-8 {name} > {new}"
        )
    return None


def undecodable(path: Path, error: BaseException) -> str | None:
    """Return why Python cannot decode a file, a model's or one that it imports; None for other errors."""
    if not isinstance(error, SyntaxError):
        return None
    file = path if error.filename is None else Path(error.filename)
    obstacle = not_utf8(file) if file.is_file() else None
    return None if obstacle is None else f"{file}, {obstacle}"
