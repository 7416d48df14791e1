from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import edgeattn_runtime
from edgeattn.__main__ import main
from edgeattn_export.pack import Packed, save
from edgeattn_runtime.__main__ import main as on_device
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import check, read_golden

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
OTHER = "other/model.onnx"

Refused = Callable[..., str]


@pytest.fixture
def two_targets(folder: Path) -> Path:
    """A bundle for cpu and for another target, which has a graph of its own."""
    files = open_bundle(folder)
    contents = {name: files.path(name).read_bytes() for name in files.manifest.files}
    (cpu,) = files.manifest.variants
    graph = cpu.files["model"]
    contents[OTHER] = contents[graph]
    manifest = replace(
        files.manifest,
        variants=(cpu, replace(cpu, target="other", files={"model": OTHER})),
        files={**files.manifest.files, OTHER: files.manifest.files[graph]},
    )
    save(Packed(manifest, contents), folder)
    return folder


@pytest.mark.parametrize("target", ["cpu", "other"])
def test_an_app_gets_one_target_and_what_a_device_reads(
    target: str, two_targets: Path, tmp_path: Path, ran: Callable[..., str]
) -> None:
    app = tmp_path / "assets" / "tiny.edge"
    told = json.loads(ran("pack", two_targets, "--for", target, "-o", app, "--json"))
    whole, packed = open_bundle(two_targets), open_bundle(app)
    (variant,) = packed.manifest.variants
    assert (variant.target, told["target"]) == (target, target)
    assert set(packed.manifest.files) == {variant.files["model"], packed.manifest.golden.file}
    assert told["bytes"].keys() == {"graphs", "golden vectors", "manifest"}
    sizes = {path: path.stat().st_size for path in app.rglob("*") if path.is_file()}
    assert sum(told["bytes"].values()) == sum(sizes.values())
    everything = sum(path.stat().st_size for path in two_targets.rglob("*") if path.is_file())
    assert told["left_out_bytes"] == everything - sum(sizes.values()) > 0
    assert packed.manifest.graphs == whole.manifest.graphs


def test_it_answers_as_the_whole_does(two_targets: Path, tmp_path: Path, ran: Callable[..., str]) -> None:
    app = tmp_path / "app.edge"
    shown = ran("pack", two_targets, "--for", "cpu", "-o", app)
    for word in ("tiny for cpu", "Graphs", "Golden vectors", "Together", "Left out"):
        assert word in shown
    assert on_device(["check", str(app)]) == 0
    inputs = dict(read_golden(open_bundle(app)).samples[0].inputs)
    answers = [edgeattn_runtime.load(path)(**inputs)["tags"] for path in (two_targets, app)]
    assert (answers[0] == answers[1]).all()


@pytest.mark.parametrize("name", ["wordpiece", "encoder-decoder", "buckets"])
def test_what_processing_and_every_graph_need_comes_along(name: str, tmp_path: Path) -> None:
    bundle, app = CONFORMANCE / f"{name}.edge", tmp_path / f"{name}.edge"
    target = open_bundle(bundle).manifest.variants[0].target
    assert main(["pack", str(bundle), "--for", target, "-o", str(app)]) == 0
    assert all(result.ok for result in check(edgeattn_runtime.load(app)))
    assert open_bundle(app).manifest.processing == open_bundle(bundle).manifest.processing


def test_weights_beside_a_graph_come_along(tmp_path: Path, ran: Callable[..., str]) -> None:
    app = tmp_path / "several.edge"
    assert (
        "weights"
        in json.loads(ran("pack", CONFORMANCE / "several.edge", "--for", "web", "-o", app, "--json"))["bytes"]
    )
    assert set(open_bundle(app).manifest.files) == {
        "golden.safetensors",
        "model.onnx",
        "web/lookup.onnx",
        "web/lookup.onnx.data",
    }


def test_packed_again_it_is_the_same(two_targets: Path, tmp_path: Path) -> None:
    apps = [tmp_path / "one.edge", tmp_path / "two.edge"]
    for bundle, app in zip((two_targets, apps[0]), apps, strict=True):
        assert main(["pack", str(bundle), "--for", "cpu", "-o", str(app)]) == 0
    contents = [{path.name: path.read_bytes() for path in app.rglob("*") if path.is_file()} for app in apps]
    assert contents[0] == contents[1]


def test_what_cannot_be_packed_is_one_line(two_targets: Path, tmp_path: Path, refused: Refused) -> None:
    app = tmp_path / "app"
    assert "no target 'web'; it has cpu, other" in refused("pack", two_targets, "--for", "web", "-o", app)
    assert "the bundle itself" in refused("pack", two_targets, "--for", "cpu", "-o", two_targets)
    assert not app.exists()
    assert "report.json" in open_bundle(two_targets).manifest.files


def test_it_is_packed_first_and_signed_then(folder: Path, tmp_path: Path, refused: Refused) -> None:
    app, secret = tmp_path / "app", tmp_path / "key"
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    assert main(["pack", str(folder), "--for", "cpu", "-o", str(app)]) == 0
    assert main(["sign", str(app), "--key", str(secret)]) == 0
    signer = key.public_key().public_bytes_raw().hex()
    assert all(result.ok for result in check(edgeattn_runtime.load(app, trusted_keys=[signer])))
    assert main(["sign", str(folder), "--key", str(secret)]) == 0
    line = refused("pack", folder, "--for", "cpu", "-o", tmp_path / "other")
    assert "pack it first, then sign" in line
    assert not (tmp_path / "other").exists()


def test_a_packed_bundle_has_no_report(folder: Path, tmp_path: Path, refused: Refused) -> None:
    app = tmp_path / "app"
    assert main(["pack", str(folder), "--for", "cpu", "-o", str(app)]) == 0
    assert "the one that this was packed from" in refused("inspect", app)


def test_golden_vectors_are_left_out_where_that_is_asked_for(
    two_targets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ran: Callable[..., str]
) -> None:
    app = tmp_path / "app" / "tiny.edge"
    assert json.loads(ran("pack", two_targets, "--for", "cpu", "-o", app, "--without-golden", "--json"))[
        "bytes"
    ].keys() == {"graphs", "manifest"}
    packed = open_bundle(app)
    assert packed.manifest.golden is None
    assert not (app / "golden.safetensors").exists()
    sample, *_ = read_golden(open_bundle(two_targets)).samples
    assert edgeattn_runtime.load(app)(**sample.inputs).keys() == sample.outputs.keys()
    for command in (main, on_device):
        assert command(["validate" if command is main else "check", str(app)]) == 2
        assert "packed without golden vectors" in capsys.readouterr().err
