from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import edgeattn_runtime

ROOT = Path(__file__).parents[2]
MANIFESTS = ("CITATION.cff", "CMakeLists.txt", "Cargo.toml", "package.json", "pyproject.toml")
SAYS = re.compile(r"""^(project\(.*VERSION |\s*"?version"?\s*[:=]\s*)["']?\d+\.\d+""", re.MULTILINE)


@pytest.fixture(scope="module")
def version(script: Callable[[Path], ModuleType]) -> ModuleType:
    return script(ROOT / "runtime" / "version.py")


def test_all_packages_say_the_same_release(version: ModuleType) -> None:
    assert set(version.releases().values()) == {edgeattn_runtime.__version__}


def test_no_other_package_says_one(version: ModuleType) -> None:
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    packages = [file for file in tracked if file.rpartition("/")[2] in MANIFESTS or file.endswith(".gradle")]
    assert {"pyproject.toml", "runtime/kernels/pyproject.toml", "runtime/web/package.json"} <= set(packages)
    saying = [file for file in packages if SAYS.search((ROOT / file).read_text("utf-8"))]
    assert sorted(saying) == sorted(set(version.PLACES) & set(packages))


def test_one_command_sets_it_in_all_of_them(version: ModuleType, tmp_path: Path) -> None:
    for file in version.PLACES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    version.set_release("12.0.7", tmp_path)
    assert set(version.releases(tmp_path).values()) == {"12.0.7"}
    for file in version.PLACES:
        before, after = ((root / file).read_text("utf-8").splitlines() for root in (ROOT, tmp_path))
        changed = sum(old != new for old, new in zip(before, after, strict=True))
        assert changed == (2 if file.endswith("package-lock.json") else 1)


def test_packages_that_differ_are_told(
    version: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(version, "releases", lambda: dict(zip("ab", ("0.1.0", "9.9.9"), strict=True)))
    assert version.main([]) == 1
    assert "9.9.9" in capsys.readouterr().out
    assert version.main(["1.x"]) == 2
