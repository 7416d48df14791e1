"""The runtime put on a device: a wheel of what this process imports, in an environment of its own."""

from __future__ import annotations

import getpass
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import edgeattn_runtime
from edgeattn.devices.address import Address
from edgeattn.devices.install import install, wheel, wheel_name
from edgeattn_runtime.errors import BadInput


def test_the_wheel_is_the_runtime_alone_with_what_it_needs(tmp_path: Path) -> None:
    file = tmp_path / wheel_name()
    file.write_bytes(wheel())
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*command, str(tmp_path / "there"), str(file)], check=True)
    assert {path.name for path in (tmp_path / "there").iterdir()} == {
        "edgeattn_runtime",
        f"edgeattn_runtime-{edgeattn_runtime.__version__}.dist-info",
    }
    with zipfile.ZipFile(io.BytesIO(wheel())) as archive:
        (about,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        needed = [line for line in archive.read(about).decode().splitlines() if "Requires-Dist" in line]
    assert [line.split()[1].split(">")[0] for line in needed] == ["numpy", "onnxruntime", "safetensors"]


def test_where_it_cannot_be_installed_nothing_is_left(sshd: Any) -> None:
    """As where there is no registry: pip may ask none, nor take what the tests' own environment has."""
    home = sshd.folder / "home"
    (home / ".config" / "pip").mkdir(parents=True)
    settings = "[install]\nno-index = true\nignore-installed = true\n"
    (home / ".config" / "pip" / "pip.conf").write_text(settings)
    place, kept = home / ".local/share/edgeattn/device", home / "kept"
    place.rename(kept)
    try:
        with pytest.raises(BadInput, match="device pi: nothing installed"):
            install(Address.of(f"{getpass.getuser()}@pi"))
        assert not place.exists()
    finally:
        kept.rename(place)


def test_a_device_with_a_command_of_its_own_is_the_users_to_install() -> None:
    with pytest.raises(BadInput, match="device board: has a command of its own"):
        install(Address("board", ("true",)))
