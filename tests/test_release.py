"""The list of a release's packages: each has both licences, all are there, and the document is CycloneDX."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def inventory(script: Callable[[Path], ModuleType]) -> ModuleType:
    return script(ROOT / ".ci" / "inventory.py")


@pytest.fixture
def dist(inventory: ModuleType, tmp_path: Path) -> Path:
    for pattern in inventory.PACKAGES:
        _pack(tmp_path / pattern.replace("*", "any"), *inventory.LICENCES)
    return tmp_path


def _pack(path: Path, *names: str) -> None:
    texts = {f"folder/{name}": (ROOT / name).read_bytes() for name in names}
    if path.suffix in (".whl", ".jar"):
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
        return
    with tarfile.open(path, "w:gz") as tar:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))


def test_every_package_is_listed(inventory: ModuleType, dist: Path) -> None:
    inventory.main(dist)
    sums = dict(line.split("  ")[::-1] for line in (dist / inventory.SUMS).read_text().splitlines())
    assert sums == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in dist.iterdir()
        if path.name != inventory.SUMS
    }
    document = (dist / inventory.BOM).read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None
    assert all(name in document for name in [*sums.keys() - {inventory.BOM}, "Monocypher", "Unicode-3.0"])


@pytest.mark.parametrize("kept", ["LICENSE", "NOTICE"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_package_without_a_licence_is_found_out(
    inventory: ModuleType, dist: Path, kept: str, place: int
) -> None:
    package = dist / inventory.PACKAGES[place]
    _pack(package, kept)
    (lost,) = set(inventory.LICENCES) - {kept}
    with pytest.raises(SystemExit, match=f"{package.name}: {lost} not found"):
        inventory.main(dist)


def test_a_missing_package_is_found_out(inventory: ModuleType, dist: Path) -> None:
    (dist / inventory.PACKAGES[0]).unlink()
    with pytest.raises(SystemExit, match=f"{inventory.PACKAGES[0]}: 0 found"):
        inventory.main(dist)
