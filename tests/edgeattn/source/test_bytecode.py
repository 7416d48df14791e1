"""A user's folder gets no bytecode; the packages that a model file imports do."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from edgeattn.source.own_code import uncached


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A user's folder with an environment in it, both importable, and bytecode written as by default."""
    own, installed = tmp_path / "own", tmp_path / "own" / ".venv" / "site-packages"
    installed.mkdir(parents=True)
    (own / "uncached_neighbor.py").write_text("NAME = 'neighbor'\n")
    package = own / "uncached_package"
    package.mkdir()
    (package / "__init__.py").write_text("from uncached_package import inner\n")
    (package / "inner.py").write_text("NAME = 'inner'\n")
    (installed / "cached_installed.py").write_text("NAME = 'installed'\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "path", [str(own), str(installed), *sys.path])
    return own, installed


def test_only_installed_packages_are_cached(folders: tuple[Path, Path]) -> None:
    own, installed = folders
    hooks = list(sys.path_hooks)
    try:
        with uncached(own):
            for name in ("uncached_neighbor", "uncached_package", "cached_installed"):
                importlib.import_module(name)
    finally:
        for name in [each for each in sys.modules if each.startswith(("uncached_", "cached_"))]:
            del sys.modules[name]
    assert [path.parent for path in own.rglob("__pycache__")] == [installed]
    assert sys.path_hooks == hooks
