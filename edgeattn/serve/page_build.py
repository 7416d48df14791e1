"""The page and the runtime that it is made on: bundled from their sources at every start, in half a second.

So no built file can be older than its source, and none is committed or shipped.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from edgeattn_export.graph.hosts.environment import run_installer
from edgeattn_export.lower.ort_web import NODE
from edgeattn_runtime.errors import BadInput

_SOURCES = Path(__file__).with_name("page")
_IN_WHEEL = Path(__file__).parents[1] / "web"
_IN_REPOSITORY = Path(__file__).parents[2] / "runtime" / "web" / "src"  # an editable install

_ENGINES = {"wasm": "ort.wasm.min.mjs", "webgpu": "ort.webgpu.min.mjs"}  # of onnxruntime-web, by provider
_ENGINE_FILES = ("ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify")


def build_page(folder: Path) -> None:
    """Write the page into an empty folder: ``index.html``, its style, and a script.

    Raises:
        BadInput: The environment of the target web is missing, or the sources are wrong.
    """
    if (lacking := NODE.missing()) is not None:
        raise BadInput(f"the page cannot be built: {lacking}; run edgeattn targets --install {NODE.name}")
    modules = NODE.modules
    runtime = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_REPOSITORY
    for name in ("index.html", "style.css", "icon.svg"):
        shutil.copy(_SOURCES / name, folder)
    run_installer(
        "node",
        str(modules / "esbuild" / "bin" / "esbuild"),
        str(_SOURCES / "main.ts"),
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--log-level=error",
        f"--outfile={folder / 'main.js'}",
        f"--alias:edgeattn-web={runtime / 'index.ts'}",
        f"--alias:onnxruntime-web=/engine/{_ENGINES['wasm']}",
        "--external:/engine/*",
        variables={"NODE_PATH": str(modules)},
    )


def engine_files() -> tuple[Path, ...]:
    """Return the files of onnxruntime-web that the page fetches."""
    folder = NODE.modules / "onnxruntime-web" / "dist"
    parts = (f"{stem}.{suffix}" for stem in _ENGINE_FILES for suffix in ("mjs", "wasm"))
    return tuple(folder / name for name in (*_ENGINES.values(), *parts))
