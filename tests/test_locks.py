"""Locks hold what is asked for, hashes for all of it, and no address."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from edgeattn_export.graph.hosts.environment import LOCKS, PythonEnvironment
from edgeattn_export.graph.hosts.node_environment import NodeEnvironment
from edgeattn_export.targets import TARGETS

ROOT = Path(__file__).parents[1]
CI = ROOT / ".ci" / "locks"
PIP = [*CI.glob("*.txt"), *LOCKS.glob("*.txt")]
NPM_FOLDERS = ("docs/site", "runtime/web", "runtime/android/tools", "tests/fuzz/web")
NPM = [*LOCKS.glob("*.json"), *(ROOT / folder / "package-lock.json" for folder in NPM_FOLDERS)]
SCRIPTS = [
    path
    for folder in (ROOT / ".ci", ROOT / "runtime" / "cpp", ROOT / "runtime" / "android")
    for path in folder.iterdir()
    if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash")
]
UNLOCKED = {
    "kernels": "the wheel that it built",
    "ordinary-user": "the newest versions, on purpose",
    "lock": "what makes the locks",
    "release": "the web package that it built",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")
ENVIRONMENTS = {
    environment.name: environment
    for target in TARGETS.values()
    if isinstance(
        environment := getattr(target.engine.host, "environment", None), PythonEnvironment | NodeEnvironment
    )
}
PYTHON_3_11 = {**default_environment(), "python_version": "3.11", "python_full_version": "3.11.7"}


def locked(*locks: Path) -> dict[str, str]:
    """Return the version of each package, on Python 3.11."""
    lines = (line for lock in locks for line in lock.read_text().splitlines() if not line.startswith(" "))
    found = {}
    for line in lines:
        requirement = Requirement(line.removesuffix(" \\"))
        if requirement.marker is None or requirement.marker.evaluate(PYTHON_3_11):
            (pinned,) = requirement.specifier
            assert pinned.operator == "=="
            found[canonicalize_name(requirement.name)] = pinned.version
    return found


def asked(*extras: str) -> list[Requirement]:
    """Return what edgeattn asks for by these extras."""
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in optional[extra])]
    found = []
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate(PYTHON_3_11):
            found += asked(*requirement.extras) if requirement.name == "edgeattn" else [requirement]
    return found


def lacking(requirements: list[Requirement], versions: dict[str, str]) -> list[str]:
    """Return what is asked for and not locked in a version that will do."""
    return [
        str(each)
        for each in requirements
        if (name := canonicalize_name(each.name)) not in versions
        or not each.specifier.contains(versions[name], prereleases=True)
    ]


@pytest.mark.parametrize("lock", PIP, ids=lambda lock: lock.name)
def test_every_package_of_pip_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "//" not in text
    assert "--index-url" not in text
    packages = re.split(r"\n(?=\S)", text.strip())
    bare = [package for package in packages if len(package.splitlines()) < 2]
    assert bare == []
    others = [line for package in packages for line in package.splitlines()[1:] if not HASH.fullmatch(line)]
    assert others == []


@pytest.mark.parametrize("lock", NPM, ids=lambda lock: lock.parent.name)
def test_every_package_of_npm_has_hashes_and_no_address(lock: Path) -> None:
    packages: dict[str, Any] = json.loads(lock.read_text())["packages"]
    own = packages.pop("")
    assert own
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [
        name for name, package in packages.items() if not package["integrity"].startswith("sha512-")
    ] == []


def test_ci_has_what_the_project_asks_for() -> None:
    torch = CI / "torch-cpu.txt"
    assert lacking(asked("dev"), locked(CI / "python3.11.txt", torch)) == []
    assert lacking(asked("export"), locked(CI / "export.txt", torch)) == []
    assert lacking(asked(), locked(CI / "device.txt")) == []
    assert locked(CI / "torch.txt")["torch"] == locked(torch)["torch"].partition("+")[0]


@pytest.mark.parametrize(
    ("lock", "extras"), [("lowest", ["export", "image", "sbom", "signatures"]), ("lowest-device", [])]
)
def test_the_lowest_are_the_floors(lock: str, extras: list[str]) -> None:
    """Of what a user installs; a tool of development may ask for more of another one."""
    versions = locked(CI / f"{lock}.txt")
    floors = dict[str, Version]()
    for requirement in asked(*extras):
        (floor,) = requirement.specifier
        name = canonicalize_name(requirement.name)
        floors[name] = max(Version(floor.version), floors.get(name, Version("0")))
    assert {name: Version(versions[name]) for name in floors} == floors


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_of_targets_has_what_it_asks_for(name: str) -> None:
    environment = ENVIRONMENTS[name]
    if isinstance(environment, PythonEnvironment):
        assert lacking([*map(Requirement, environment.packages)], locked(LOCKS / f"{name}.txt")) == []
    else:
        lock = json.loads((LOCKS / f"{name}.json").read_text())
        assert lock["packages"][""]["dependencies"] == json.loads(environment.package_json())["dependencies"]


@pytest.mark.parametrize("folder", NPM_FOLDERS)
def test_a_package_of_npm_has_what_it_asks_for(folder: str) -> None:
    """npm install takes what its lock has only where both ask for the same."""
    package, lock = (
        json.loads((ROOT / folder / f"package{kind}.json").read_text()) for kind in ("", "-lock")
    )
    own = lock["packages"][""]
    kinds = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
    assert {kind: own.get(kind) for kind in kinds} == {kind: package.get(kind) for kind in kinds}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_installs_by_hashes(script: Path) -> None:
    text = script.read_text()
    unlocked = bool(re.search(r"^[^#\n]*\b(pip|npm) install\b", text, re.MULTILINE)) and (
        "--require-hashes" not in text
    )
    assert unlocked == (script.name in UNLOCKED)


def test_all_that_is_missing_is_found() -> None:
    assert lacking([Requirement("numpy>=99"), Requirement("no-such-package")], {"numpy": "2.4"}) == [
        "numpy>=99",
        "no-such-package",
    ]
