"""The files that are served, and no others: by the path of their address, each with its type and its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeattn_runtime.bundle.files import SIGNATURE_FILE
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
_BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file.

    Attributes:
        path: Where it lies.
        size: In bytes.
        sha256: Of its content, in hex: a browser that has it need not load it again.
        type: Its media type.
    """

    path: Path
    size: int
    sha256: str
    type: str


def served_files(page: Path, engine: Iterable[Path], bundle: BundleFiles) -> Mapping[str, ServedFile]:
    """Return all that is served, by the path of its address.

    Args:
        page: The folder of the built page; its ``index.html`` is what a browser opens.
        engine: Files of onnxruntime-web, which lie under ``engine/``.
        bundle: Lies under ``bundle/``; no other file of its folder is served.
    """
    own = {path.name: _served(path) for path in page.iterdir()}
    files = {
        f"bundle/{name}": ServedFile(bundle.path(name), entry.size, entry.sha256, _BYTES)
        for name, entry in bundle.manifest.files.items()
    }
    unlisted = (MANIFEST_FILE, SIGNATURE_FILE)
    heads = {f"bundle/{name}": _served(bundle.path(name)) for name in unlisted if bundle.path(name).exists()}
    engines = {f"engine/{path.name}": _served(path) for path in engine}
    return {"": own.pop("index.html"), **own, **engines, **heads, **files}


def _served(path: Path) -> ServedFile:
    content = path.read_bytes()
    return ServedFile(
        path, len(content), hashlib.sha256(content).hexdigest(), _TYPES.get(path.suffix, _BYTES)
    )
