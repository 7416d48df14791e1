"""edgeattn sbom, held against CycloneDX's own schema by the validator of its library."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from edgeattn_export.pack import repack, save
from edgeattn_runtime.bundle.folder import open_bundle

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"


def is_allowed(text: str) -> bool:
    """Ask the schema, whose library a worker that runs other files need not import: 2 s of CPU."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.fixture
def printed(ran: Callable[..., str]) -> Callable[[Path], str]:
    """Print the document of a bundle, which the schema allows."""

    def run(bundle: Path) -> str:
        text = ran("sbom", bundle)
        assert is_allowed(text)
        return text

    return run


def test_the_validator_refuses_what_is_wrong() -> None:
    wrong = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "model"}]})
    assert not is_allowed(wrong)


def test_every_file_is_there_with_its_hash(folder: Path, printed: Callable[[Path], str]) -> None:
    document = json.loads(printed(folder))
    found = {
        each["name"]: each["hashes"][0]["content"]
        for each in document["components"]
        if each["type"] == "file"
    }
    files = (path for path in folder.rglob("*") if path.is_file())
    assert found == {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_engine_and_tools_are_there_with_their_versions(folder: Path, printed: Callable[[Path], str]) -> None:
    document = json.loads(printed(folder))
    (engine,) = (each for each in document["components"] if each["type"] == "framework")
    variant, *_ = open_bundle(folder).manifest.variants
    assert engine["purl"] == f"pkg:pypi/onnxruntime@{variant.engine.version}"
    tools = {each["name"]: each for each in document["metadata"]["tools"]["components"]}
    assert tools["torch"]["version"] == metadata.version("torch")
    assert tools["edgeattn"]["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    (dependencies,) = (each for each in document["dependencies"] if each["ref"] == "bundle")
    assert set(dependencies["dependsOn"]) == {each["bom-ref"] for each in document["components"]}


@pytest.mark.parametrize(
    ("stated", "licensed"),
    [
        ("Apache-2.0", {"license": {"id": "Apache-2.0"}}),
        ("MIT OR Apache-2.0", {"expression": "MIT OR Apache-2.0"}),
        ("ours alone", {"license": {"name": "ours alone"}}),
    ],
)
def test_the_models_licence_is_that_of_its_file(
    folder: Path, printed: Callable[[Path], str], stated: str, licensed: dict[str, Any]
) -> None:
    assert "licenses" not in json.loads(printed(folder))["metadata"]["component"]
    packed = repack(open_bundle(folder), {})
    provenance = {**packed.manifest.provenance, "license": stated}
    save(replace(packed, manifest=replace(packed.manifest, provenance=provenance)), folder)
    (found,) = json.loads(printed(folder))["metadata"]["component"]["licenses"]
    assert found.get("license", found).items() >= licensed.get("license", licensed).items()


def test_the_same_bundle_gives_the_same_bytes(tmp_path: Path, printed: Callable[[Path], str]) -> None:
    bundle = shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "good.edge")
    assert printed(bundle) == printed(bundle)
    assert printed(CONFORMANCE / "tuned.edge") != printed(bundle)


def test_a_bundle_that_is_not_whole_has_no_document(tmp_path: Path, refused: Callable[..., str]) -> None:
    bundle = shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "good.edge")
    (bundle / "model.onnx").write_bytes(b"other")
    assert "model.onnx" in refused("sbom", bundle)


def test_a_missing_extra_is_told_in_one_line(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, uninstalled: Callable[[str], None]
) -> None:
    monkeypatch.delitem(sys.modules, "edgeattn.sbom", raising=False)
    uninstalled("cyclonedx")
    assert "pip install 'edgeattn[sbom]" in refused("sbom", CONFORMANCE / "good.edge")
