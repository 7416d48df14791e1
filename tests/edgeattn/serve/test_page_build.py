"""The page as it is built: small, complete, of this origin alone, and typed."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from edgeattn.serve.site import build_page, engine_files
from edgeattn_export.lower.ort_web import NODE, ORT_WEB

ROOT = Path(__file__).parents[3]
RUNTIME = ROOT / "runtime" / "web"
SOURCES = ROOT / "edgeattn" / "serve" / "page"
MOST = 300_000  # bytes of the page without the engine


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, where the environment of the target web is installed."""
    if (lacking := ORT_WEB.host.missing()) is not None:
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp("page")
    build_page(folder)
    return folder


def test_it_is_small(page: Path) -> None:
    assert 20_000 < sum(path.stat().st_size for path in page.iterdir()) < MOST


def test_nothing_of_it_comes_from_elsewhere(page: Path) -> None:
    for path in page.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href|import\(|from|fetch\()\s*=?\s*[\"'](?:https?:)?//", text), path
        assert "<script>" not in text
        assert "style=" not in text  # the policy allows neither


def test_the_engine_that_it_names_is_served(page: Path) -> None:
    named = set(re.findall(r'"/engine/([^"]+)"', (page / "worker.js").read_text(encoding="utf-8")))
    files = {path.name for path in engine_files()}
    assert named == {"ort.wasm.min.mjs", "ort.webgpu.min.mjs"}
    assert named < files
    for module in engine_files():
        assert module.is_file()
        if module.name.startswith(
            "ort."
        ):  # the one file of wasm, and the script beside it, that each build loads
            loaded = set(re.findall(r"ort-wasm-simd-threaded[\w.]*?\.(?:mjs|wasm)", module.read_text()))
            assert loaded <= files


def test_the_environment_has_what_the_runtime_imports() -> None:
    package = json.loads((RUNTIME / "package.json").read_text(encoding="utf-8"))
    installed = dict(each.rsplit("@", 1) for each in NODE.packages)
    for name, version in package["dependencies"].items():
        assert installed[name] == version


@pytest.mark.parametrize("check", [("tsc", "--project", "."), ("biome", "check", "--error-on-warnings", ".")])
def test_its_types_and_its_style_hold(check: tuple[str, ...]) -> None:
    subprocess.run([RUNTIME / "build-package"], check=True, capture_output=True)
    programs = RUNTIME / "node_modules" / ".bin"
    command, *given = check
    found = subprocess.run(
        [programs / command, *given], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
