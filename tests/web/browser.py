"""A headless Chromium that opens a bundle in a page: the server behind it, and what the page sends back.

The server sends the two headers without which no browser gives a page threads.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

import edgeattn_export.graph.hosts
from edgeattn_runtime.device.frames import read_frame

HERE = Path(__file__).parent
HOSTS = Path(edgeattn_export.graph.hosts.__path__[0])
SECONDS = 120  # that a page may take
ISOLATION = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
HEADLESS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-extensions",
    "--disable-dev-shm-usage",
)
SWIFTSHADER = (  # WebGPU by a processor: a plain --disable-gpu has no adapter
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan,WebGPU",
    "--use-webgpu-adapter=swiftshader",
    "--use-vulkan=swiftshader",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)

Answer = tuple[Mapping[str, Any], Mapping[str, NDArray[np.generic]]]


@dataclass(frozen=True)
class Way:
    """One way to run a bundle in a page.

    Attributes:
        build: The file of onnxruntime-web that the page imports.
        providers: Execution providers in order.
        threads: Of the wasm provider.
        flags: More of Chromium's.
    """

    build: str = "ort.wasm.min.mjs"
    providers: tuple[str, ...] = ("wasm",)
    threads: int = 1
    flags: tuple[str, ...] = ()


def chromium() -> str | None:
    """Return Chromium's command; None where it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def answers(bundle: Path, modules: Path, way: Way) -> Answer:
    """Open a bundle in a page, and return what it says of itself and its answers to the golden inputs.

    Args:
        bundle: The folder.
        modules: ``node_modules`` with onnxruntime-web.
        way: How the page runs it.

    Raises:
        RuntimeError: The page fails, or says nothing for ``SECONDS``.
    """
    folders = {"/bundle/": bundle, "/ort/": modules / "onnxruntime-web" / "dist", "/": HERE}
    frames: Queue[bytes] = Queue()
    asked = {"build": way.build, "threads": way.threads, "providers": ",".join(way.providers)}
    with _served(folders, frames) as address, _opened(f"{address}/page.html?{urlencode(asked)}", way.flags):
        try:
            frame = read_frame(io.BytesIO(frames.get(timeout=SECONDS)))
        except Empty:
            raise RuntimeError(f"the page said nothing for {SECONDS} s") from None
    if frame is None or "error" in frame[0]:
        raise RuntimeError("the page was cut off" if frame is None else frame[0]["error"])
    return frame


class _Handler(SimpleHTTPRequestHandler):
    """Serves files of several folders, and takes what the page sends."""

    def __init__(self, folders: Mapping[str, Path], frames: Queue[bytes], *request: Any) -> None:
        self._folders, self._frames = folders, frames
        super().__init__(*request)

    def translate_path(self, path: str) -> str:
        path = path.partition("?")[0]
        if path == "/safetensors.mjs":
            return str(HOSTS / path[1:])
        prefix = next(prefix for prefix in self._folders if path.startswith(prefix))
        return str(self._folders[prefix] / path.removeprefix(prefix))

    def do_POST(self) -> None:
        self._frames.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def end_headers(self) -> None:
        for name, value in ISOLATION.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _served(folders: Mapping[str, Path], frames: Queue[bytes]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folders, frames)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _opened(address: str, flags: tuple[str, ...]) -> Iterator[None]:
    command = chromium()
    if command is None:
        raise RuntimeError("no chromium on the PATH")
    with tempfile.TemporaryDirectory(prefix="edgeattn-chromium-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [command, *HEADLESS, *flags, f"--user-data-dir={profile}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()
