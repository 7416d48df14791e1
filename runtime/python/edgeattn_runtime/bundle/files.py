"""A bundle's files in its manifest: sizes and hashes, the golden vectors, and the signature."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, Natural, Positive, Record, Sha256, choice

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.sig"
SIGNATURE_BYTES = 64  # of Ed25519

PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_UNLISTED = (MANIFEST_FILE, SIGNATURE_FILE)


@dataclass(frozen=True, slots=True)
class FileEntry(Record):
    """The sha256 (64 lowercase hex digits) and size (bytes) of a file."""

    sha256: Sha256
    size: Natural


@dataclass(frozen=True, slots=True)
class Golden(Record):
    """The file of golden vectors, and how many samples it holds."""

    file: str
    samples: Positive


@dataclass(frozen=True, slots=True)
class Signature(Record):
    """By which key the manifest's bytes are signed.

    The signature itself lies in ``SIGNATURE_FILE``. A reader that knows which keys to trust verifies it;
    any other shows the key.
    """

    scheme: Annotated[str, choice("ed25519")]
    key: Sha256


def read_files(field: Field) -> dict[str, FileEntry]:
    """Read the manifest's ``files``; raises BundleError."""
    files = field.table()
    for path in files:
        if not PATH.fullmatch(path) or path in _UNLISTED:
            raise BundleError(
                f"files: {json.dumps(path)} found, the path of another file inside the folder expected "
                "(parts of A-Z a-z 0-9 . _ - that begin with no dot, joined by /)"
            )
    return {path: FileEntry.from_field(entry) for path, entry in files.items()}
