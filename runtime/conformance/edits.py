"""Mutations: bundles that are another's files with something changed, by the table mutations.json.

A row names a bundle, what it shows (``why``), whose files it has (``of``) and what is done to these, in its
order, by names of ``EDITS``. Its verdict is "refused" where it names no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bundles import GOLDEN_FILE
from case import Case, Files
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from safetensors.numpy import load, save

from edgeattn_runtime.bundle.manifest import Manifest

MANIFEST, SIGNATURE, TOKENIZER = "manifest.json", "manifest.sig", "tokenizer.json"
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))  # that everybody knows
_ASKS = ("needs", "trusted_keys")


def mutated(whole: Mapping[str, Files]) -> Iterator[Case]:
    """Yield the cases of the table, made of bundles by their names."""
    for row in json.loads(Path(__file__).with_name("mutations.json").read_text("utf-8")):
        asks = {key: row[key] for key in _ASKS if key in row}
        yield Case(row["bundle"], row["why"], changed(row, whole), row.get("verdict", "refused"), asks)


def changed(row: Mapping[str, Any], whole: Mapping[str, Files]) -> Files:
    """Return the files of a row: those of another bundle, edited."""
    files = dict(whole[row["of"]])
    for name, given in row.items():
        if name == "take":  # a file of another bundle
            file, other = given
            files[file] = whole[other][file]
        elif name in EDITS:
            EDITS[name](files, given)
    return files


def _set(files: dict[str, bytes], values: Mapping[str, Any]) -> None:
    """Set values of the manifest, by keys with blanks between them; "*" stands for all items of a list."""
    manifest = json.loads(files[MANIFEST])
    _assign(manifest, values)
    _write_manifest(files, manifest)


def _tokenizer(files: dict[str, bytes], values: Mapping[str, Any]) -> None:
    """Set values of tokenizer.json, as of the manifest."""
    table = json.loads(files[TOKENIZER])
    _assign(table, values)
    files[TOKENIZER] = json.dumps(table).encode()
    _list(files, {TOKENIZER: TOKENIZER})


def _assign(whole: Any, values: Mapping[str, Any]) -> None:
    for path, value in values.items():
        *keys, last = path.split(" ")
        for table in _tables(whole, keys):
            table[int(last) if isinstance(table, list) else last] = value


def _tables(table: Any, keys: list[str]) -> Iterator[Any]:
    if not keys:
        yield table
        return
    key, *others = keys
    each = table if key == "*" else [table[int(key) if isinstance(table, list) else key]]
    for part in each:
        yield from _tables(part, others)


def _unset(files: dict[str, bytes], paths: Sequence[str]) -> None:
    """Take values out of the manifest."""
    manifest = json.loads(files[MANIFEST])
    for path in paths:
        *keys, last = path.split(" ")
        for table in _tables(manifest, keys):
            del table[last]
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


def _vectors(files: dict[str, bytes], changes: Mapping[str, Any]) -> None:
    """Change dtype, shape or data of golden vectors, take them out (null), or add some."""
    tensors = load(files[GOLDEN_FILE])
    for name, change in changes.items():
        old = tensors.pop(name, np.zeros(0))
        if change is not None:
            array = np.array(change.get("data", old.ravel())).astype(change.get("dtype", old.dtype))
            tensors[name] = array.reshape(change.get("shape", old.shape))
    files[GOLDEN_FILE] = save(tensors)
    _list(files, {GOLDEN_FILE: GOLDEN_FILE})


def _metadata(files: dict[str, bytes], metadata: Any) -> None:
    """Put metadata into the header of the golden vectors."""
    old = files[GOLDEN_FILE]
    end = 8 + int.from_bytes(old[:8], "little")
    header = json.dumps({"__metadata__": metadata, **json.loads(old[8:end])}).encode()
    files[GOLDEN_FILE] = len(header).to_bytes(8, "little") + header + old[end:]
    _list(files, {GOLDEN_FILE: GOLDEN_FILE})


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


def _order(files: dict[str, bytes], _: bool) -> None:
    """Put the manifest's keys in the specification's order."""
    files[MANIFEST] = Manifest.from_json(files[MANIFEST].decode()).to_json().encode()


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
    "tokenizer": _tokenizer,
    "vectors": _vectors,
    "metadata": _metadata,
    "pad": _pad,
    "cut": _cut,
    "flip": _flip,
    "remove": _remove,
    "order": _order,
    "sign": _sign,
}
