"""A JSON document with a schema number: written from plain data, read back into it, and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from edgeattn_runtime.errors import BadInput, BundleError

T = TypeVar("T")


class _Schema(msgspec.Struct):
    """The one key that is read before all others."""

    schema: int


def encode(schema: int, fields: Mapping[str, object]) -> str:
    """Return a document's text, its schema number first."""
    return json.dumps({"schema": schema, **fields}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def decode(text: str | bytes, kind: type[T], *, schema: int, remedy: str) -> T:
    """Read a document's text; keys that ``kind`` does not have are ignored.

    Args:
        text: The JSON.
        kind: A dataclass of plain data.
        schema: The number that is expected.
        remedy: What to do where it is another one, or anything else is wrong: the end of the error.

    Raises:
        BundleError: In one line, the key at fault, what was found there and what was expected.
    """
    try:
        version = msgspec.json.decode(text, type=_Schema).schema
        if version != schema:
            raise BundleError(f"schema: {version} found, {schema} expected; {remedy}")
        document = msgspec.json.decode(text, type=kind)
        _check_printable(msgspec.json.decode(text))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BundleError(f"{error}; {remedy}") from error
    return document


def _check_printable(value: object, key: str = "$") -> None:
    """Refuse text that a terminal would take for commands of its own."""
    match value:
        case str() if not value.isprintable():
            raise BundleError(f"{key}: {value!r} found, a printable text expected")
        case dict():
            for name, field in value.items():
                _check_printable(name, key)
                _check_printable(field, f"{key}.{name}")
        case list():
            for i, item in enumerate(value):
                _check_printable(item, f"{key}[{i}]")


def read_file(path: Path, *, largest: int, expected: str) -> bytes:
    """Read a file that may be anything.

    Args:
        path: The file.
        largest: In MB (2^20 bytes): what claims more is none of these documents.
        expected: What it should be, for the error.

    Raises:
        BadInput: There is no such file, or it is larger.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; {expected} expected")
    if path.stat().st_size > largest * 2**20:
        raise BadInput(f"{path}: a file of more than {largest} MB; {expected} expected")
    return path.read_bytes()
