"""Signs a bundle, and reads the keys that sign and verify: files of ssh-keygen and of OpenSSL."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle.files import SIGNATURE_FILE, Signature
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE
from edgeattn_runtime.bundle.replacement import check_folder, copy_bundle, staged, sync
from edgeattn_runtime.errors import BadInput, require_extra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_PRIVATE = b"PRIVATE KEY-----"
_HEX = re.compile("[0-9a-f]{64}")
_LARGEST_KEY = 2**16  # bytes of a file
_MAKE = "ssh-keygen -t ed25519 or openssl genpkey -algorithm ed25519 makes one"


def sign(bundle: Path, key: Ed25519PrivateKey) -> BundleFiles:
    """Sign a bundle: its manifest names the key, manifest.sig has the signature. An older one goes.

    The signed bundle takes the place of the unsigned one in one step, after it was verified.

    Args:
        bundle: The folder.
        key: Of which only its public half is written.

    Raises:
        BadInput: The folder holds more than a bundle, or may not be written.
        BundleError: The bundle is not whole.
        ResourceError: The disk is full.
    """
    check_folder(bundle)
    files, public = open_bundle(bundle), public_hex(key.public_key())
    files.check_golden()
    content = replace(files.manifest, signature=Signature("ed25519", public)).to_json().encode()
    signed = {MANIFEST_FILE: content, SIGNATURE_FILE: key.sign(content)}
    with (
        refusing(BadInput, str(bundle), "cannot be written", "check the disk, and who may write there"),
        staged(bundle) as staging,
    ):
        copy_bundle(files, staging)
        for name, data in signed.items():
            (staging / name).write_bytes(data)
            sync(staging / name)
        open_bundle(staging, trusted_keys=[public])
    return open_bundle(bundle, trusted_keys=[public])


def public_hex(key: Ed25519PublicKey) -> str:
    """Return a public key as a manifest has it: 64 lowercase hex digits."""
    return key.public_bytes_raw().hex()


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key, in OpenSSH's format or PEM; at a terminal, ask for its passphrase.

    Raises:
        BadInput: The file cannot be read, holds no Ed25519 private key, or is encrypted and there is no
            terminal or another passphrase.
        EdgeAttnError: The extra ``edgeattn[signatures]`` is not installed.
    """
    with require_extra("signatures", "cryptography"):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
    content = _content(path)
    load = load_ssh_private_key if content.startswith(_OPENSSH) else load_pem_private_key
    with _refused(path, f"no private key that can be read; {_MAKE}"):
        try:
            key = load(content, None)
        except TypeError:  # encrypted
            passphrase = _passphrase(path)
            with _refused(path, "encrypted by another passphrase"):
                key = load(content, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{path}: {type(key).__name__} found, an Ed25519 private key expected; {_MAKE}")
    return key


def read_public_key(key: str) -> str:
    """Return a public key in hex.

    Args:
        key: In hex already, or the path of a file in OpenSSH's format or PEM.

    Raises:
        BadInput: It is neither, or no Ed25519 public key.
        EdgeAttnError: The extra ``edgeattn[signatures]`` is not installed.
    """
    if _HEX.fullmatch(key):
        return key
    with require_extra("signatures", "cryptography"):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key
    path = Path(key)
    content = _content(path)
    if _PRIVATE in content:
        raise BadInput(
            f"{path}: a private key found, the public one expected; ssh-keygen -y or openssl pkey -pubout "
            "writes it"
        )
    load = load_ssh_public_key if content.startswith(b"ssh-") else load_pem_public_key
    with _refused(path, "no public key that can be read; 64 hex digits, or a file such as id_ed25519.pub"):
        public = load(content)
    if not isinstance(public, Ed25519PublicKey):
        raise BadInput(f"{path}: {type(public).__name__} found, an Ed25519 public key expected; {_MAKE}")
    return public_hex(public)


def _content(path: Path) -> bytes:
    with (
        refusing(BadInput, str(path), "cannot be read", "name the file of a key"),
        path.open("rb") as file,
    ):
        return file.read(_LARGEST_KEY)


def _passphrase(path: Path) -> bytes:
    if not sys.stdin.isatty():
        raise BadInput(f"{path}: encrypted, and no terminal to ask for its passphrase; sign at a terminal")
    return getpass.getpass(f"Passphrase of {path}: ").encode()


@contextmanager
def _refused(path: Path, finding: str) -> Iterator[None]:
    """Refuse a key that its library cannot read, without a word of what it holds."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        yield
    except UnsupportedAlgorithm as error:
        raise BadInput(
            f"{path}: a key of a kind or encryption found that cannot be read here ({error}); pip install "
            f"bcrypt where it is OpenSSH's and encrypted; {_MAKE}"
        ) from None
    except (ValueError, TypeError):
        raise BadInput(f"{path}: {finding}") from None
