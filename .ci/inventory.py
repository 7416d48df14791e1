"""Looks for the licences in every package of a release, and writes its CycloneDX document and SHA256SUMS.

python .ci/inventory.py dist
"""

from __future__ import annotations

import hashlib
import re
import sys
import tarfile
import uuid
import zipfile
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6

from edgeattn.sbom import file_component
from edgeattn_runtime import __version__
from edgeattn_runtime.bundle.files import FileEntry

ROOT = Path(__file__).parents[1]
LICENCES = ("LICENSE", "NOTICE")
PACKAGES = (
    f"edgeattn-{__version__}.tar.gz",
    f"edgeattn-{__version__}-py3-none-any.whl",
    f"edgeattn_kernels-{__version__}-*_x86_64.whl",
    f"edgeattn_kernels-{__version__}-*_aarch64.whl",
    f"edgeattn-web-{__version__}.tgz",
    f"edgeattn-{__version__}.crate",
    f"edgeattn-jvm-{__version__}.jar",
    *(f"edgeattn-{name}-{__version__}.tar.gz" for name in ("cpp", "swift", "conformance", "site")),
)
SUMS, BOM = "SHA256SUMS", f"edgeattn-{__version__}.cdx.json"


def members(package: Path) -> dict[str, bytes]:
    """Return what lies under the licences' names in a package, at any depth, by path."""
    if zipfile.is_zipfile(package):
        with zipfile.ZipFile(package) as archive:
            return {
                name: archive.read(name) for name in archive.namelist() if name.rpartition("/")[2] in LICENCES
            }
    with tarfile.open(package) as archive:
        files = [each for each in archive if each.isfile() and each.name.rpartition("/")[2] in LICENCES]
        return {each.name: archive.extractfile(each).read() for each in files}  # type: ignore[union-attr]


def check(package: Path) -> None:
    """Exit in one line where a package lacks a licence as the project has it."""
    texts = members(package).values()
    for name in LICENCES:
        if (ROOT / name).read_bytes() not in texts:
            sys.exit(f"{package.name}: {name} not found in it; add it where the package is built")


def bom(packages: dict[str, FileEntry]) -> str:
    """Return the document: the packages, and the works of others in them as NOTICE has them."""
    project = Component(
        name="edgeattn", version=__version__, type=ComponentType.APPLICATION, bom_ref="edgeattn"
    )
    rows = re.findall(
        r"^\| (?!work|---)(.+?) \| .+? \| ([\w.-]+)", (ROOT / "NOTICE").read_text("utf-8"), re.MULTILINE
    )
    works = [
        Component(
            name=work,
            type=ComponentType.LIBRARY,
            bom_ref=work,
            licenses=[LicenseFactory().make_from_string(spdx)],
        )
        for work, spdx in rows
    ]
    document = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, repr(packages)),
        metadata=BomMetaData(component=project),
        components=[*(file_component(name, entry) for name, entry in packages.items()), *works],
    )
    document.metadata.timestamp = None  # type: ignore[assignment]
    document.register_dependency(project, document.components)
    return str(JsonV1Dot6(document).output_as_string(indent=2)) + "\n"


def main(dist: Path) -> None:
    """Check the packages of a folder, all of them, and write the two files beside them."""
    packages = {}
    for pattern in PACKAGES:
        paths = list(dist.glob(pattern))
        if len(paths) != 1:
            sys.exit(f"{pattern}: {len(paths)} found in {dist}, 1 expected; run make release")
        check(paths[0])
        content = paths[0].read_bytes()
        packages[paths[0].name] = FileEntry(hashlib.sha256(content).hexdigest(), len(content))
        print(f"{len(content):>12,}  {paths[0].name}")  # noqa: T201
    (dist / BOM).write_text(bom(packages), "utf-8")
    sums = {name: entry.sha256 for name, entry in packages.items()}
    sums[BOM] = hashlib.sha256((dist / BOM).read_bytes()).hexdigest()
    (dist / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), "utf-8")


if __name__ == "__main__":
    main(Path(*sys.argv[1:]))
