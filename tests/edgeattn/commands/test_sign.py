"""edgeattn sign and verify, with the keys that ssh-keygen and OpenSSL make."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from edgeattn import signing
from edgeattn.__main__ import main
from edgeattn_runtime import load
from edgeattn_runtime.bundle.folder import open_bundle

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEX = KEY.public_key().public_bytes_raw().hex()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "good.edge")


def _private(
    path: Path, kind: PrivateFormat, encryption: KeySerializationEncryption | None = None, key: object = KEY
) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, kind, encryption or NoEncryption()))  # type: ignore[attr-defined]
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return _private(tmp_path / "key", PrivateFormat.OpenSSH)


def _public(path: Path, encoding: Encoding, kind: PublicFormat) -> Path:
    path.write_bytes(KEY.public_key().public_bytes(encoding, kind))
    return path


@pytest.mark.parametrize("kind", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
def test_a_bundle_is_signed_and_verified(
    kind: PrivateFormat, bundle: Path, tmp_path: Path, ran: Callable[..., str]
) -> None:
    secret = _private(tmp_path / "key", kind)
    assert ran("sign", bundle, "--key", secret) == f"{bundle}: signed by {HEX}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.edge", "key"]
    ssh = _public(tmp_path / "key.pub", Encoding.OpenSSH, PublicFormat.OpenSSH)
    ssh.write_bytes(ssh.read_bytes() + b" anna@example.org\n")
    pem = _public(tmp_path / "key.pem", Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for public in (ssh, pem, HEX):
        assert (
            ran("verify", bundle, "--key", "0" * 64, "--key", public)
            == f"{bundle}: signed by {HEX}; all 2 files are as they were signed\n"
        )
    load(bundle, trusted_keys=[HEX]).close()


@pytest.mark.parametrize("command", ["sign", "verify"])
def test_golden_vectors_that_changed_are_refused(
    command: str, bundle: Path, secret: Path, refused: Callable[..., str]
) -> None:
    assert main(["sign", str(bundle), "--key", str(secret)]) == 0
    golden = bundle / "golden.safetensors"
    content = bytearray(golden.read_bytes())
    content[-1] ^= 1
    golden.write_bytes(content)
    assert "golden.safetensors: sha256" in refused(
        command, bundle, "--key", str(secret) if command == "sign" else HEX
    )


def test_nothing_but_the_signature_changes(bundle: Path, secret: Path) -> None:
    before = open_bundle(bundle).manifest
    contents = {name: (bundle / name).read_bytes() for name in before.files}
    for _ in range(2):  # the second signature takes the place of the first
        assert main(["sign", str(bundle), "--key", str(secret)]) == 0
    after = open_bundle(bundle).manifest
    assert after.files == before.files
    assert {name: (bundle / name).read_bytes() for name in contents} == contents
    assert bytes(range(32)) not in b"".join(path.read_bytes() for path in bundle.rglob("*"))


def test_no_signature_and_no_key_are_refused(bundle: Path, refused: Callable[..., str]) -> None:
    assert "not signed" in refused("verify", bundle, "--key", HEX)
    assert "--key" in refused("verify", bundle)


def test_a_change_is_refused(bundle: Path, secret: Path, refused: Callable[..., str]) -> None:
    main(["sign", str(bundle), "--key", str(secret)])
    assert "no trusted key" in refused("verify", bundle, "--key", "0" * 64)
    manifest = bundle / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"tiny"', b'"tinz"'))
    assert "no trusted key" in refused("verify", bundle, "--key", HEX)


@pytest.mark.parametrize(
    "found", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused(
    found: bytes, bundle: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    (tmp_path / "key").write_bytes(found)
    assert "key: no private key that can be read" in refused("sign", bundle, "--key", tmp_path / "key")
    assert "key" in refused("verify", bundle, "--key", tmp_path / "key")
    assert not (bundle / "manifest.sig").exists()


def test_a_missing_file_a_public_and_a_private_key_are_refused(
    bundle: Path, secret: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    public = _public(tmp_path / "key.pub", Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert "none: cannot be read (No such file or directory);" in refused(
        "sign", bundle, "--key", tmp_path / "none"
    )
    assert "no private key" in refused("sign", bundle, "--key", public)
    assert "a private key found" in refused("verify", bundle, "--key", secret)


def test_a_key_of_another_kind_is_refused(bundle: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    rsa = _private(tmp_path / "rsa", PrivateFormat.PKCS8, key=generate_private_key(65537, 2048))
    assert "RSA" in refused("sign", bundle, "--key", rsa)


def test_a_passphrase_is_asked_at_a_terminal_alone(
    bundle: Path,
    tmp_path: Path,
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    ran: Callable[..., str],
) -> None:
    secret = _private(tmp_path / "key", PrivateFormat.PKCS8, BestAvailableEncryption(b"right"))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    assert "no terminal" in refused("sign", bundle, "--key", secret)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(signing.getpass, "getpass", lambda _: "wrong")
    assert "another passphrase" in refused("sign", bundle, "--key", secret)
    assert not (bundle / "manifest.sig").exists()
    monkeypatch.setattr(signing.getpass, "getpass", lambda _: "right")
    assert "right" not in ran("sign", bundle, "--key", secret)


def test_a_bundle_that_is_not_whole_is_not_signed(
    bundle: Path, secret: Path, refused: Callable[..., str]
) -> None:
    (bundle / "model.onnx").write_bytes(b"")
    assert "truncated" in refused("sign", bundle, "--key", secret)
    assert not (bundle / "manifest.sig").exists()


def test_without_the_extra_one_line_names_it(
    bundle: Path, secret: Path, refused: Callable[..., str], uninstalled: Callable[[str], None]
) -> None:
    uninstalled("cryptography")
    assert "pip install 'edgeattn[signatures]" in refused("sign", bundle, "--key", secret)
