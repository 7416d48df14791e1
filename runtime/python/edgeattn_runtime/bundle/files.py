"""A bundle's files in its manifest: sizes and hashes, the golden vectors, and the signature."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.sig"
SIGNATURE_BYTES = 64  # of Ed25519

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_UNLISTED = (MANIFEST_FILE, SIGNATURE_FILE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SCHEME = re.compile("ed25519")
_KEY = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The sha256 (64 lowercase hex digits) and size (bytes) of a file."""

    sha256: str
    size: int

    @classmethod
    def from_field(cls, path: str, field: Field) -> FileEntry:
        """Read one value of the manifest's ``files``, and its key, the path.

        Raises:
            BundleError: The path leaves the folder, or the value is no entry.
        """
        if not _PATH.fullmatch(path) or path in _UNLISTED:
            raise BundleError(
                f"files: {json.dumps(path)} found, the path of another file inside the folder expected "
                "(parts of A-Z a-z 0-9 . _ - that begin with no dot, joined by /)"
            )
        fields = field.record("sha256", "size")
        return cls(fields["sha256"].text(_SHA256, "64 lowercase hex digits"), fields["size"].integer(0))


@dataclass(frozen=True, slots=True)
class Golden:
    """The file of golden vectors, and how many samples it holds."""

    file: str
    samples: int

    @classmethod
    def from_field(cls, field: Field) -> Golden:
        """Read the manifest's ``golden``."""
        fields = field.record("file", "samples")
        return cls(fields["file"].text(), fields["samples"].integer(1))


@dataclass(frozen=True, slots=True)
class Signature:
    """By which key the manifest's bytes are signed.

    The signature itself lies in ``SIGNATURE_FILE``. A reader that knows which keys to trust verifies it;
    any other shows the key.
    """

    scheme: str
    key: str

    @classmethod
    def from_field(cls, field: Field) -> Signature:
        """Read the manifest's ``signature``."""
        fields = field.record(*cls.__dataclass_fields__)
        return cls(
            fields["scheme"].text(_SCHEME, '"ed25519"'),
            fields["key"].text(_KEY, "64 lowercase hex digits"),
        )
