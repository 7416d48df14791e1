"""Signed bundles, and whose signatures are to be trusted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import bundles
import signing
from case import ACCEPTED, REFUSED, Case

from edgeattn_runtime.bundle.files import SIGNATURE_FILE
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE

OTHER = "5a" * 32


def _edited(edit: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return what makes a signed bundle and edits it."""

    def make(folder: Path) -> None:
        bundles.signed(folder)
        edit(folder)

    return make


def _flip(file: str) -> Callable[[Path], None]:
    """Return what turns the last bit of a file's byte in the middle."""

    def edit(folder: Path) -> None:
        content = bytearray((folder / file).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / file).write_bytes(content)

    return edit


def _rename(folder: Path) -> None:
    manifest = folder / MANIFEST_FILE
    manifest.write_bytes(manifest.read_bytes().replace(b'"name": "tiny"', b'"name": "tina"'))


def _swap(folder: Path) -> None:
    """Take the graph of another bundle, and its manifest's entry, which the same key signed."""
    other = folder.with_name("other")
    bundles.fixed(other)
    table, entry = (json.loads((each / MANIFEST_FILE).read_text("utf-8")) for each in (folder, other))
    table["files"]["model.onnx"] = entry["files"]["model.onnx"]
    shutil.copyfile(other / "model.onnx", folder / "model.onnx")
    shutil.rmtree(other)
    (folder / MANIFEST_FILE).write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8", newline="\n")


def _remove_signature(folder: Path) -> None:
    """Take the signature away, and what the manifest says of it."""
    (folder / SIGNATURE_FILE).unlink()
    table = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    del table["signature"]
    (folder / MANIFEST_FILE).write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8", newline="\n")


def _name_another_key(folder: Path) -> None:
    """Name a key in the manifest that did not sign it, and sign it."""
    manifest = folder / MANIFEST_FILE
    manifest.write_bytes(manifest.read_bytes().replace(signing.public_key().encode(), OTHER.encode()))
    (folder / SIGNATURE_FILE).write_bytes(signing.sign(manifest.read_bytes()))


def _refused(bundle: str, why: str, edit: Callable[[Path], None], *keys: str) -> Case:
    trusted = keys or (signing.public_key(),)
    return Case(bundle, REFUSED, why, _edited(edit), trusted_keys=trusted)


SIGNED = (
    Case(
        "trusted.edge",
        ACCEPTED,
        "signed by the second of two trusted keys",
        bundles.signed,
        trusted_keys=(OTHER, signing.public_key()),
    ),
    _refused("trusted-other.edge", "signed by a key that is not trusted", lambda _: None, OTHER),
    _refused("trusted-unsigned.edge", "a trusted key, and no signature", _remove_signature),
    _refused("trusted-name.edge", "another name than the one that was signed", _rename),
    _refused("trusted-signature.edge", "a signature with a bit turned", _flip(SIGNATURE_FILE)),
    _refused("trusted-file.edge", "a signed bundle's graph with a bit turned", _flip("model.onnx")),
    _refused("trusted-swapped.edge", "the graph of another bundle, listed truthfully", _swap),
    _refused("trusted-key.edge", "signed by a trusted key, and another named", _name_another_key),
)
