"""Replaces a bundle again and again, and is killed at each step of it: what stands there then, as JSON.

    python killed.py install|save exchange|aside OLD NEW FOLDER

Python tells an audit hook of each call to the system that names a file. A child of this process kills itself
at the first of them that concerns FOLDER, the next child at the second, until one comes to its end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import edgeattn_runtime
from edgeattn_runtime.bundle import replacement
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BundleError


def killed_at(step: int, folder: Path, replace: Callable[[], object]) -> bool:
    """Replace in a child that is killed at that step; say whether it was."""
    child = os.fork()
    if child == 0:
        steps = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal steps
            if not any(
                isinstance(each, str | bytes) and os.fsdecode(each).startswith(str(folder))
                for each in arguments
            ):
                return
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        replace()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
    return os.WIFSIGNALED(status)


def name_of(bundle: Path) -> str | None:
    """Return the name of the bundle that stands there whole; None where none does."""
    try:
        return open_bundle(bundle).manifest.name
    except BundleError:
        return None


def main(verb: str, way: str, old: Path, new: Path, folder: Path) -> None:
    """Kill a replacement at every step, and print what stood there after each and after the next one."""
    if way == "aside":
        replacement._exchanged = lambda *_: False  # type: ignore[assignment]
    bundle = folder / "x.edge"
    if verb == "install":

        def replace() -> None:
            edgeattn_runtime.install(new, over=bundle)

    else:
        from edgeattn_export.pack import Packed, save

        files = open_bundle(new)
        packed = Packed(files.manifest, {name: (new / name).read_bytes() for name in files.manifest.files})

        def replace() -> None:
            save(packed, bundle)

    left: list[str | None] = []
    restored: list[str | None] = []
    strays: set[str] = set()
    running = True
    while running:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(old, bundle)
        running = killed_at(len(left) + 1, folder, replace)
        left.append(name_of(bundle))
        replacement.restore(bundle)
        restored.append(name_of(bundle))
        strays |= {path.name for path in folder.iterdir()}
    print(json.dumps({"left": left, "restored": restored, "strays": sorted(strays)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(Path, sys.argv[3:]))
