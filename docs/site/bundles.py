"""The bundles of the gallery: reference models, exported where the cache has none of this tree's.

    python docs/site/bundles.py FOLDER [MODEL ...]

FOLDER then holds a link for each model, NAME.edge, and nothing else. A bundle is kept by the content of all
that an export of it reads.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = sorted(file.parent.name for file in ROOT.glob("models/*/model.py"))
ROOMS = ("edgeattn", "export/edgeattn_export", "runtime/python")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeattn-site"
WRITTEN = (0, 1)  # exit codes of an export with a bundle: a check that failed is shown as such


def main() -> None:
    """Export what is missing, and link it."""
    parser = argparse.ArgumentParser(description="Export the reference models that the gallery shows.")
    parser.add_argument("folder", type=Path, help="is replaced")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="default: all")
    asked = parser.parse_args()
    bundles = {name: _exported(name) for name in asked.models or MODELS}
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    for name, bundle in bundles.items():
        (asked.folder / f"{name}.edge").symlink_to(bundle)


def _exported(name: str) -> Path:
    """Return a model's bundle; in the cache it takes the place of an older one."""
    bundle = CACHE / name / f"{_key(name)}.edge"
    if not bundle.exists():
        done = subprocess.run(["edgeattn", "demo", "--model", name, "--output", str(bundle)], check=False)
        if done.returncode not in WRITTEN:
            raise SystemExit(done.returncode)
        for older in set(bundle.parent.iterdir()) - {bundle}:
            shutil.rmtree(older)
    return bundle


def _key(name: str) -> str:
    """Return a hash of all files that an export of the model reads."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in (*ROOMS, f"models/{name}") for file in _files(ROOT / folder)):
        digest.update(f"{file.relative_to(ROOT)}\n{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


if __name__ == "__main__":
    main()
