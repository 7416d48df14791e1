from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn.serve.site import build_page, engine_files, open_site
from edgeattn_export.lower.ort_web import NODE, ORT_WEB
from edgeattn_runtime.errors import BadInput

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
GOOD = CONFORMANCE / "good.edge"  # with a variant for browsers


@pytest.fixture
def web() -> None:
    """Skip where the environment of the target web is missing."""
    if (lacking := ORT_WEB.host.missing()) is not None:
        pytest.skip(lacking)


@pytest.mark.usefixtures("web")
def test_all_of_the_bundle_is_served_and_nothing_beside_it() -> None:
    with open_site(GOOD) as files:
        served = {path.removeprefix("bundle/") for path in files if path.startswith("bundle/")}
        assert served == {path.relative_to(GOOD).as_posix() for path in GOOD.rglob("*") if path.is_file()}
        own = {path for path in files if not path.startswith(("bundle/", "engine/"))}
        assert own == {"", "icon.svg", "main.js", "style.css", "worker.js"}
        copies = [file.path for file in files.values()]
        assert all(
            path.stat().st_size == file.size for path, file in zip(copies, files.values(), strict=True)
        )
        manifest = files["bundle/manifest.json"].path
        assert not manifest.is_relative_to(GOOD)
    assert not manifest.exists()


def test_a_bundle_that_no_browser_runs_is_refused(folder: Path, refused: Callable[..., str]) -> None:
    assert "--target web" in refused("serve", folder)
    assert "none.edge" in refused("serve", folder.parent / "none.edge")


def test_a_bundle_that_is_not_whole_is_refused(refused: Callable[..., str]) -> None:
    assert "model.onnx" in refused("serve", CONFORMANCE / "file-changed.edge")


def test_without_the_environment_the_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEATTN_BACKENDS", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/node")
    with pytest.raises(BadInput, match="--install web"), open_site(GOOD):
        pass


def test_without_the_extra_the_command_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str]
) -> None:
    for module in [name for name in sys.modules if name.startswith(("edgeattn.serve.", "tornado"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tornado", None)
    assert "pip install 'edgeattn[export]" in refused("serve", folder)


RUNTIME = Path(__file__).parents[3] / "runtime" / "web"
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
