"""The page and the runtime that it is made on: bundled from their sources at every start, in half a second.

So no built file can be older than its source, and none is committed or shipped.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from edgeattn_export.graph.hosts.environment import run_installer
from edgeattn_export.lower.ort_web import NODE, ORT_WEB
from edgeattn_runtime.errors import BadInput

_SOURCES = Path(__file__).with_name("page")
_IN_WHEEL = Path(__file__).parents[1] / "runtime" / "web" / "src"
_IN_REPOSITORY = Path(__file__).parents[2] / "runtime" / "web" / "src"  # an editable install

_ENGINE_FILES = (  # of onnxruntime-web: without WebGPU and with it
    *("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    *("ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
)


def build_page(folder: Path) -> None:
    """Write the page into an empty folder: ``index.html``, its style, and the scripts.

    Raises:
        BadInput: The environment of the target web is missing, or a source is wrong.
    """
    if (lacking := ORT_WEB.host.missing()) is not None:
        raise BadInput(f"the page cannot be built: {lacking}")
    for name in ("index.html", "style.css", "icon.svg"):
        shutil.copy(_SOURCES / name, folder)
    run_installer(
        *("node", str(NODE.modules / "esbuild" / "bin" / "esbuild")),
        *(str(_SOURCES / name) for name in ("main.ts", "worker.ts")),
        *(
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2022",
            "--log-level=error",
            "--tsconfig-raw={}",
        ),
        *(f"--alias:{name}={path}" for name, path in _aliases().items()),
        "--external:/engine/*",
        f"--outdir={folder}",
        variables={"NODE_PATH": str(NODE.modules)},
    )


def engine_files() -> tuple[Path, ...]:
    """Return the files of onnxruntime-web that the page fetches."""
    folder = NODE.modules / "onnxruntime-web" / "dist"
    return tuple(folder / name for name in _ENGINE_FILES)


def _aliases() -> dict[str, str]:
    """Return where each module is that a source names, and is no package of the environment."""
    runtime = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_REPOSITORY
    return {
        "edgeattn-web": str(runtime / "index.ts"),
        "#platform": str(runtime / "platform.browser.ts"),
        "onnxruntime-web/wasm": "/engine/ort.wasm.min.mjs",
        "onnxruntime-web/webgpu": "/engine/ort.webgpu.min.mjs",
    }
