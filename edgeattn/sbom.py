"""What a bundle is made of, in CycloneDX: its files, the engine that it needs, the packages that made it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from importlib import metadata

from edgeattn_runtime.bundle.files import FileEntry
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE, Manifest
from edgeattn_runtime.errors import require_extra

with require_extra("sbom", "cyclonedx"):
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import License
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

_REGISTRIES = {"onnxruntime": "pypi", "onnxruntime-web": "npm"}  # of engines; others have none
_OLDEST = "edgeattn:oldest-version"  # the property of an engine that a newer one may stand for


def sbom(files: BundleFiles) -> str:
    """Return the document's text: CycloneDX 1.6 in JSON, the same for the same bundle.

    Raises:
        EdgeAttnError: The extra ``sbom`` is not installed.
    """
    manifest = files.manifest
    content = files.path(MANIFEST_FILE).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    model = Component(
        name=manifest.name,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="bundle",
        licenses=_licenses(manifest.provenance.get("license")),
        properties=[Property(name=f"edgeattn:{key}", value=text) for key, text in _facts(manifest)],
    )
    document = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, digest),
        metadata=BomMetaData(component=model, tools=ToolRepository(components=_tools(manifest))),
        components=[
            file_component(MANIFEST_FILE, FileEntry(digest, len(content))),
            *(file_component(name, entry) for name, entry in manifest.files.items()),
            *_engines(manifest),
        ],
    )
    document.metadata.timestamp = None  # type: ignore[assignment]
    document.register_dependency(model, document.components)
    return str(JsonV1Dot6(document).output_as_string(indent=2)) + "\n"


def file_component(name: str, entry: FileEntry) -> Component:
    """Return a file of a document by its name, sha256 and size."""
    return Component(
        name=name,
        type=ComponentType.FILE,
        bom_ref=f"file:{name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=entry.sha256)],
        properties=[Property(name="edgeattn:bytes", value=str(entry.size))],
    )


def _engines(manifest: Manifest) -> Iterator[Component]:
    engines = {(variant.engine.name, variant.engine.version) for variant in manifest.variants}
    for name, version in sorted(engines):
        registry = _REGISTRIES.get(name)
        yield Component(
            name=name,
            type=ComponentType.FRAMEWORK,
            bom_ref=f"engine:{name}@{version}",
            version=version,
            purl=None if registry is None else PackageURL(registry, name=name, version=version),
            properties=[Property(name=_OLDEST, value=version)],
        )


def _tools(manifest: Manifest) -> Iterator[Component]:
    """Yield the packages that made it, with their licences where the same versions are installed here."""
    versions = manifest.provenance.get("versions")
    for name, version in sorted(versions.items()) if isinstance(versions, dict) else ():
        yield Component(
            name=name,
            type=ComponentType.LIBRARY,
            bom_ref=f"tool:{name}",
            version=str(version),
            purl=PackageURL("pypi", name=name, version=str(version)),
            licenses=_licenses(_installed_license(name, str(version))),
        )


def _installed_license(name: str, version: str) -> str | None:
    try:
        installed = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    stated = installed.get_all("License-Expression") or installed.get_all("License") or [None]
    return stated[0] if installed["Version"] == version else None


def _licenses(stated: object) -> list[License]:
    """Return a licence by its SPDX name, or as a name of its own; none where nothing is stated."""
    return [LicenseFactory().make_from_string(stated)] if isinstance(stated, str) and stated else []


def _facts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the model's origin by a manifest: only texts, such as a sha256."""
    for name, value in sorted(manifest.provenance.items()):
        if isinstance(value, str) and name != "license":
            yield name, value
