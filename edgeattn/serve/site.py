"""The site of a bundle: a checked copy of it, and a page that is built at every start.

The page and the runtime are bundled from their sources in half a second. So no built file can be older
than its source, and none is committed or shipped.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeattn_export.graph.hosts.environment import run_installer
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_export.lower.ort_web import NODE, ORT_WEB
from edgeattn_runtime.bundle.files import SIGNATURE_FILE
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError

_SOURCES = Path(__file__).with_name("page")
_IN_WHEEL = Path(__file__).parents[1] / "runtime" / "web" / "src"
_IN_REPOSITORY = Path(__file__).parents[2] / "runtime" / "web" / "src"  # an editable install

_ENGINE_FILES = (  # of onnxruntime-web: without WebGPU and with it
    *("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    *("ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
)

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


def build_page(folder: Path) -> None:
    """Write the page into an empty folder: ``index.html``, its style, and the scripts.

    Raises:
        BadInput: The environment of the target web is missing, or a source is wrong.
    """
    if (missing := ORT_WEB.host.missing()) is not None:
        raise BadInput(f"the page cannot be built: {missing}")
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


@contextmanager
def open_site(bundle: Path) -> Iterator[Mapping[str, ServedFile]]:
    """Yield what is served, of a copy: the bundle itself may gain results meanwhile.

    Raises:
        BundleError: The bundle is not whole.
        IncompatibleRuntimeError: No variant of it runs in a browser.
        BadInput: The page cannot be built.
    """
    files = open_bundle(bundle)
    engines = {variant.engine.name for variant in files.manifest.variants}
    if ORT_WEB.name not in engines:
        raise IncompatibleRuntimeError(
            f"{bundle}: made for {', '.join(sorted(engines))}, and no browser has these; export it again "
            "with --target web"
        )
    with temporary_folder() as folder:
        page, copy = folder / "page", folder / "bundle"
        page.mkdir()
        build_page(page)
        shutil.copytree(bundle, copy)
        yield served_files(page, engine_files(), BundleFiles(copy, files.manifest))


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
