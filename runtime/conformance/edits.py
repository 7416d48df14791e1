"""Mutations: bundles that are another's files with something changed, by the table mutations.json.

A row names a bundle, what it shows (``why``), whose files it has (``of``) and what is done to these, by names
of ``EDITS``. Its verdict is "refused" where it names no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from case import Case, Files
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
TABLE = Path(__file__).with_name("mutations.json")
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))  # that everybody knows
PUBLIC_KEY = _KEY.public_key().public_bytes_raw().hex()


def mutated(whole: Mapping[str, Files]) -> Iterator[Case]:
    """Yield the cases of the table.

    Args:
        whole: Bundles by their names.
    """
    for row in json.loads(TABLE.read_text("utf-8")):
        bundle, why, of = (row.pop(key) for key in ("bundle", "why", "of"))
        verdict = row.pop("verdict", "refused")
        asks = {key: row.pop(key) for key in ("needs", "trusted_keys") if key in row}
        files = dict(whole[of])
        for name, given in row.items():
            if name == "take":  # a file of another bundle
                file, other = given
                files[file] = whole[other][file]
            else:
                files = edited(files, **{name: given})
        yield Case(bundle, why, files, verdict, asks)


def edited(files: Files, **edits: Any) -> dict[str, bytes]:
    """Return files as edits of ``EDITS``, done one after the other, leave them."""
    changed = dict(files)
    for name, given in edits.items():
        EDITS[name](changed, given)
    return changed


def _set(files: dict[str, bytes], values: Mapping[str, Any]) -> None:
    """Set values of the manifest, by keys with blanks between them; "*" stands for all items of a list."""
    manifest = json.loads(files[MANIFEST])
    for path, value in values.items():
        *keys, last = path.split(" ")
        for table in _tables(manifest, keys):
            table[int(last) if isinstance(table, list) else last] = value
    _write_manifest(files, manifest)


def _tables(table: Any, keys: list[str]) -> Iterator[Any]:
    if not keys:
        yield table
        return
    key, *others = keys
    each = table if key == "*" else [table[int(key) if isinstance(table, list) else key]]
    for part in each:
        yield from _tables(part, others)


def _unset(files: dict[str, bytes], key: str) -> None:
    """Take a key out of the manifest."""
    manifest = json.loads(files[MANIFEST])
    del manifest[key]
    _write_manifest(files, manifest)


def _replace(files: dict[str, bytes], pair: tuple[str, str]) -> None:
    """Put a text in the place of another one that stands once in the manifest."""
    old, new = (text.encode() for text in pair)
    if files[MANIFEST].count(old) != 1:
        raise ValueError(
            f"{pair[0]!r} stands {files[MANIFEST].count(old)} times in the manifest; expected once"
        )
    files[MANIFEST] = files[MANIFEST].replace(old, new)


def _list(files: dict[str, bytes], names: Mapping[str, str]) -> None:
    """Have the manifest list files, each under a name, as they are."""
    entries = {name: files[file] for name, file in names.items()}
    manifest = json.loads(files[MANIFEST])
    for name, data in entries.items():
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    _write_manifest(files, manifest)


def _write(files: dict[str, bytes], texts: Mapping[str, str]) -> None:
    """Write files, a byte a character."""
    files |= {name: text.encode("latin-1") for name, text in texts.items()}


def _pad(files: dict[str, bytes], padding: tuple[str, int]) -> None:
    """Add so many blanks to a file."""
    file, count = padding
    files[file] += b" " * count


def _cut(files: dict[str, bytes], file: str) -> None:
    """Take the last byte off a file."""
    files[file] = files[file][:-1]


def _flip(files: dict[str, bytes], place: tuple[str, int | None]) -> None:
    """Flip the last bit of a byte, or of the one in the middle of a file."""
    file, at = place
    data = bytearray(files[file])
    data[len(data) // 2 if at is None else at] ^= 1
    files[file] = bytes(data)


def _remove(files: dict[str, bytes], file: str) -> None:
    """Take a file away."""
    del files[file]


def _sign(files: dict[str, bytes], _: bool) -> None:
    """Sign the manifest as it is."""
    files[SIGNATURE] = _KEY.sign(files[MANIFEST])


def _write_manifest(files: dict[str, bytes], manifest: Any) -> None:
    files[MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()


EDITS: dict[str, Callable[[dict[str, bytes], Any], None]] = {
    "set": _set,
    "unset": _unset,
    "replace": _replace,
    "list": _list,
    "write": _write,
    "pad": _pad,
    "cut": _cut,
    "flip": _flip,
    "remove": _remove,
    "sign": _sign,
}
