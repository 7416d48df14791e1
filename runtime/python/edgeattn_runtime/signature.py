"""The signature of a manifest: read and shown here, verified by readers that are told which keys to trust."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgeattn_runtime.fields import Field

SIGNATURE_FILE = "manifest.sig"
SIGNATURE_BYTES = 64  # of Ed25519

_SCHEME = re.compile("ed25519")
_KEY = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signature:
    """By which key the manifest's bytes are signed; the signature itself lies in ``SIGNATURE_FILE``."""

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
