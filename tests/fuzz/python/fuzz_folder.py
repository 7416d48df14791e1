"""Whatever lies in a bundle's folder, it is opened with what its manifest lists and no more, or refused.

The bytes are changes to a good folder, one after the other; some make the manifest follow.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import atheris
from fuzzing import fuzz, scratch_file
from seeds import CONFORMANCE

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.bundle.folder import open_bundle
    from edgeattn_runtime.errors import BundleError

GOOD = CONFORMANCE / "trusted.edge"
FOLDER = scratch_file("x.edge")
OUTSIDE = FOLDER.parent / "outside"
OUTSIDE.write_bytes(b"a secret")
NAMES = sorted(path.relative_to(GOOD).as_posix() for path in GOOD.rglob("*") if path.is_file())
NAMES += [
    "a",
    "a/b",
    ".hidden",
    ".DS_Store",
    "../outside",
    "a" * 300,
    "\udcff",
    "con",
    "a\\b",
    "model.onnx/a",
]


def change(folder: Path, bytes_: atheris.FuzzedDataProvider) -> None:
    """Change one file, or what the manifest says of it."""
    name = NAMES[bytes_.ConsumeIntInRange(0, len(NAMES) - 1)]
    path, content = folder / name, bytes_.ConsumeBytes(bytes_.ConsumeIntInRange(0, 40))
    kind = bytes_.ConsumeIntInRange(0, 7)
    if path.resolve() == OUTSIDE and kind < 6:
        return
    if kind == 0:
        path.unlink()
    elif kind == 1:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    elif kind == 2:
        path.write_bytes(path.read_bytes() + content)
    elif kind == 3:
        os.truncate(path, bytes_.ConsumeIntInRange(0, 4096))
    elif kind == 4:
        path.unlink(missing_ok=True)
        path.symlink_to([OUTSIDE, name, ".", folder / NAMES[0]][bytes_.ConsumeIntInRange(0, 3)])
    elif kind == 5:
        path.mkdir(parents=True)
    else:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        manifest["files"][name] = {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "size": path.stat().st_size + (kind == 7),
        }
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def read(content: bytes) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(GOOD, FOLDER)
    bytes_ = atheris.FuzzedDataProvider(content)
    for _ in range(bytes_.ConsumeIntInRange(0, 4)):
        try:
            change(FOLDER, bytes_)
        except (LookupError, OSError, RuntimeError, TypeError, ValueError):
            continue  # such as of a file that is gone already, a loop of links, or a manifest of a number
    files = open_bundle(FOLDER)
    for name, entry in files.manifest.files.items():
        assert hashlib.sha256(files.read(name)).hexdigest() == entry.sha256, f"wrong: {name} was not checked"
        assert files.path(name).resolve().is_relative_to(FOLDER.resolve()), f"wrong: {name} lies outside"


fuzz(read, BundleError)
