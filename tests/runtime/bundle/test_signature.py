"""Bundles that a trusted key signed, and what was made of them since."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgeattn_runtime import (
    BadInput,
    BundleError,
    EdgeAttnError,
    IncompatibleRuntimeError,
    install,
    load,
)
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import check, read_golden

OTHER = "1" * 64
SEED = bytes(range(32))  # whose key signs the conformance bundle


def sign(folder: Path, seed: bytes = SEED, **changed: object) -> str:
    """Sign a manifest as it stands, but for some of its keys; return the public key."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw().hex()
    path = folder / "manifest.json"
    table = {
        **json.loads(path.read_text("utf-8")),
        "signature": {"scheme": "ed25519", "key": public},
        **changed,
    }
    content = json.dumps(table).encode()
    path.write_bytes(content)
    (folder / "manifest.sig").write_bytes(key.sign(content))
    return public


@pytest.fixture
def key(signed: Path) -> str:
    """The key that signed it."""
    signature = open_bundle(signed).manifest.signature
    assert signature is not None
    return signature.key


def _refused(folder: Path, message: str, *keys: str) -> None:
    with pytest.raises(BundleError, match=message):
        load(folder, trusted_keys=keys)


def test_what_a_trusted_key_signed_is_opened(signed: Path, key: str) -> None:
    with load(signed, trusted_keys=[OTHER, key]) as model:
        assert model.files.signer == key
        assert all(result.ok for result in check(model))
    assert load(signed).files.signer is None


def test_another_key_is_refused(signed: Path) -> None:
    _refused(signed, "signed by no trusted key", OTHER)


@pytest.mark.parametrize("file", ["manifest.json", "manifest.sig", "model.onnx", "golden.safetensors"])
def test_a_changed_byte_anywhere_is_refused(file: str, signed: Path, key: str) -> None:
    path = signed / file
    content = path.read_bytes()
    for place in {*range(0, len(content), max(1, len(content) // 64)), len(content) - 1}:
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(BundleError):
            open_bundle(signed, trusted_keys=[key]).check_golden()
    path.write_bytes(content)
    open_bundle(signed, trusted_keys=[key]).check_golden()


def test_nothing_of_an_unverified_manifest_is_read(signed: Path, key: str) -> None:
    (signed / "manifest.json").write_bytes(b'{"schema": ')
    _refused(signed, "signed by no trusted key", key)


def test_a_file_of_another_signed_bundle_is_refused(
    signed: Path, key: str, copied: Callable[[str], Path]
) -> None:
    other = copied("fixed")
    assert sign(other) == key
    open_bundle(other, trusted_keys=[key])
    shutil.copyfile(other / "model.onnx", signed / "model.onnx")
    with pytest.raises(BundleError, match=r"model\.onnx: "):
        open_bundle(signed, trusted_keys=[key])
    for file in ("manifest.json", "manifest.sig"):
        shutil.copyfile(other / file, signed / file)
        with pytest.raises(BundleError):
            open_bundle(signed, trusted_keys=[key])


def test_a_removed_signature_is_refused(signed: Path, key: str, good: Path) -> None:
    _refused(good, "not signed", key)
    (signed / "manifest.sig").unlink()
    _refused(signed, "not signed", key)
    table = json.loads((signed / "manifest.json").read_text("utf-8"))
    del table["signature"]
    (signed / "manifest.json").write_text(json.dumps(table))
    open_bundle(signed)  # which is whole
    _refused(signed, "not signed", key)


def test_a_manifest_that_names_another_key_is_refused(signed: Path) -> None:
    key = sign(signed, signature={"scheme": "ed25519", "key": OTHER})
    _refused(signed, "names another key", key)


def test_a_signature_that_the_manifest_does_not_name_is_refused(good: Path) -> None:
    content = (good / "manifest.json").read_bytes()
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    (good / "manifest.sig").write_bytes(key.sign(content))
    _refused(good, "names another key", key.public_key().public_bytes_raw().hex())


@pytest.mark.parametrize("keys", [[], "a" * 64, ["A" * 64], ["a" * 63], [b"a" * 64], [None]])
def test_keys_that_are_none_are_refused(keys: object, signed: Path) -> None:
    with pytest.raises(BadInput, match=r"^trusted_keys: "):
        load(signed, trusted_keys=keys)  # type: ignore[arg-type]


def test_without_the_extra_one_line_names_it(signed: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    load(signed).close()  # verifies nothing, and needs nothing
    with pytest.raises(EdgeAttnError, match=re.escape("pip install 'edgeattn[signatures]")):
        load(signed, trusted_keys=[key])


def test_what_is_opened_later_is_what_was_signed(copied: Callable[[str], Path]) -> None:
    folder = copied("buckets")
    key = sign(folder)
    model = load(folder, trusted_keys=[key])
    samples = [dict(sample.inputs) for sample in read_golden(model.files).samples]
    later = [each for each in samples if model.answering(each) != model.variants[0]]
    assert later
    path = folder / model.answering(later[0]).files["model"]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BundleError, match=r"sha256 .* \(changed\)"):
        model(**later[0])


@pytest.fixture
def weighty(tmp_path: Path) -> Path:
    """A signed bundle whose weights lie in a file of their own."""
    from weighty import write

    folder = write(tmp_path / "weighty.edge")
    sign(folder)
    return folder


def test_weights_are_those_that_were_signed(weighty: Path) -> None:
    key = sign(weighty)
    inputs = {"row": np.array([7], np.int64)}
    mapped, held = load(weighty), load(weighty, trusted_keys=[key])
    expected = held(**inputs)["vector"]
    np.testing.assert_array_equal(mapped(**inputs)["vector"], expected)
    weights = weighty / "model.onnx.data"
    with weights.open("r+b") as file:  # in place, as one who may write there can at any time
        file.write(bytes(weights.stat().st_size))
    np.testing.assert_array_equal(held(**inputs)["vector"], expected)
    assert not np.array_equal(mapped(**inputs)["vector"], expected)
    _refused(weighty, "changed", key)


def test_weights_of_another_name_are_not_read(weighty: Path) -> None:
    from weighty import write

    folder = write(weighty.parent / "named.edge", weights="weights.bin")
    key = sign(folder)
    load(folder)(row=np.array([7], np.int64))
    _refused(folder, "cannot load it", key)


def test_an_engine_that_takes_no_weights_from_memory_says_so(
    weighty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(onnxruntime.SessionOptions, "add_external_initializers_from_files_in_memory")
    load(weighty).close()
    with pytest.raises(IncompatibleRuntimeError, match="only from their file"):
        load(weighty, trusted_keys=[sign(weighty)])


def test_an_update_is_verified(signed: Path, key: str, conformance: Path, tmp_path: Path) -> None:
    old = tmp_path / "apps" / "x.edge"
    install(conformance / "good.edge", over=old)
    with pytest.raises(BundleError, match="not signed"):
        install(conformance / "good.edge", over=old, trusted_keys=[key])
    with pytest.raises(BundleError, match="no trusted key"):
        install(signed, over=old, trusted_keys=[OTHER])
    assert not (old / "manifest.sig").exists()
    install(signed, over=old, trusted_keys=[key])
    load(old, trusted_keys=[key]).close()


def test_another_model_of_the_same_publisher_takes_no_place(
    signed: Path, key: str, conformance: Path, tmp_path: Path
) -> None:
    old = shutil.copytree(signed, tmp_path / "x.edge")
    sign(signed, name="other")
    with pytest.raises(BadInput, match="a bundle of 'other' found, one of 'tiny' expected"):
        install(signed, over=old, trusted_keys=[key])
    assert load(old, trusted_keys=[key]).name == "tiny"
    install(signed, over=old)  # which asks nobody
    assert load(old).name == "other"
