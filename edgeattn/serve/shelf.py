"""What is served, and nothing else: files by the path of their address, each with its type and its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.manifest import MANIFEST_FILE
from edgeattn_runtime.signature import SIGNATURE_FILE

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
class Item:
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


def shelf(page: Path, engine: Iterable[Path], bundle: BundleFiles) -> Mapping[str, Item]:
    """Return all that is served, by the path of its address.

    Args:
        page: The folder of the built page; its ``index.html`` is what a browser opens.
        engine: Files of onnxruntime-web, which lie under ``engine/``.
        bundle: Lies under ``bundle/``; no other file of its folder is served.
    """
    own = {path.name: _item(path) for path in page.iterdir()}
    files = {
        f"bundle/{name}": Item(bundle.path(name), entry.size, entry.sha256, _BYTES)
        for name, entry in bundle.manifest.files.items()
    }
    unlisted = (MANIFEST_FILE, SIGNATURE_FILE)
    heads = {f"bundle/{name}": _item(bundle.path(name)) for name in unlisted if bundle.path(name).exists()}
    engines = {f"engine/{path.name}": _item(path) for path in engine}
    return {"": own.pop("index.html"), **own, **engines, **heads, **files}


def _item(path: Path) -> Item:
    content = path.read_bytes()
    return Item(path, len(content), hashlib.sha256(content).hexdigest(), _TYPES.get(path.suffix, _BYTES))
