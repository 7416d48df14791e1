from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn.serve.site import open_site
from edgeattn_export.lower.ort_web import ORT_WEB
from edgeattn_runtime.errors import BadInput

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance"
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
    assert "pip install 'edgeattn[export]'" in refused("serve", folder)
