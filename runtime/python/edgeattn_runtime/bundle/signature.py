"""Verifies signatures: Ed25519 (RFC 8032) over the bytes of manifest.json, which hold every file's hash."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgeattn_runtime.errors import InputError, require_extra

_KEY = re.compile("[0-9a-f]{64}")


def checked_keys(trusted_keys: Iterable[str]) -> tuple[str, ...]:
    """Return keys that a caller trusts, each the 64 lowercase hex digits of an Ed25519 public key.

    Raises:
        InputError: There is none, which must not mean all of them; or one is no key.
    """
    if isinstance(trusted_keys, str | bytes):
        raise InputError("trusted_keys: a text found, a list of keys expected; put the key into a list")
    keys = tuple(trusted_keys)
    if not keys:
        raise InputError("trusted_keys: no key found, at least one expected; leave it out to verify nothing")
    for key in keys:
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise InputError(f"trusted_keys: {key!r} found, 64 lowercase hex digits of a public key expected")
    return keys


def signer_of(message: bytes, signature: bytes, keys: Iterable[str]) -> str | None:
    """Return the first of these keys that signed a message; None where none did. Raises EdgeAttnError."""
    with require_extra("signatures", "cryptography"):
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message)
        except InvalidSignature:
            continue
        return key
    return None
