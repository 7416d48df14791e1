from __future__ import annotations

from pathlib import Path

import pytest

from edgeattn_export.graph.hosts import debian_environment
from edgeattn_export.graph.hosts.debian_environment import DebianEnvironment
from edgeattn_runtime.errors import BadInput

DEBIAN = DebianEnvironment("debian", ("python3-some-engine", "libsome-engine"))


@pytest.fixture
def installers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What would be run, while a test lasts; each package is a file, and each file unpacks to a folder."""
    run: list[tuple[str, ...]] = []

    def installer(*command: str, folder: Path | None = None) -> None:
        run.append(command)
        if folder is not None:
            for name in command[3:]:
                (folder / f"{name}.deb").touch()
        if command[0] == "dpkg" and "broken" in command[2]:
            raise BadInput("no space")
        if command[0] == "dpkg":
            (Path(command[3]) / "usr" / "lib" / "x86_64-linux-gnu").mkdir(parents=True, exist_ok=True)

    monkeypatch.setenv("EDGEATTN_BACKENDS", str(tmp_path))
    monkeypatch.setattr(debian_environment, "run_installer", installer)
    return run


def test_its_packages_are_downloaded_and_unpacked(installers: list[tuple[str, ...]], tmp_path: Path) -> None:
    assert "python3-some-engine" in str(DEBIAN.missing())
    DEBIAN.install()
    assert DEBIAN.missing() is None
    assert installers[0] == ("apt-get", "-qq", "download", *DEBIAN.packages)
    assert [command[:2] for command in installers[1:]] == [("dpkg", "-x")] * 2
    assert sorted(path.name for path in (tmp_path / "debian").iterdir()) == ["packages.txt", "root"]
    other = DebianEnvironment(DEBIAN.name, (*DEBIAN.packages, "another"))
    assert other.missing() is not None  # it was made with fewer


def test_a_worker_finds_its_packages_and_libraries(installers: list[tuple[str, ...]], tmp_path: Path) -> None:
    DEBIAN.install()
    environment = dict(each.split("=", 1) for each in DEBIAN.command()[1:3])
    root = tmp_path / "debian" / "root" / "usr" / "lib"
    assert environment["PYTHONPATH"] == str(root / "python3" / "dist-packages")
    assert str(root / "x86_64-linux-gnu" / "blas") in environment["LD_LIBRARY_PATH"].split(":")
    assert DEBIAN.command()[3] == "/usr/bin/python3"


def test_what_fails_half_way_is_still_missing(installers: list[tuple[str, ...]]) -> None:
    broken = DebianEnvironment("debian", ("some-engine", "broken"))
    with pytest.raises(BadInput, match="no space"):
        broken.install()
    assert broken.missing() is not None
