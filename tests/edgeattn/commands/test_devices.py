from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where devices.toml lies."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "edgeattn").mkdir()
    return tmp_path / "edgeattn"


def test_without_a_host_it_lists_devices_toml(folder: Path, ran: Callable[..., str]) -> None:
    assert "no device" in ran("devices")
    (folder / "devices.toml").write_text('[board]\ncommand = ["docker", "exec", "-i", "board"]\n')
    assert "docker exec -i board" in ran("devices")


def test_an_installation_needs_a_host(folder: Path, refused: Callable[..., str]) -> None:
    assert "--install" in refused("devices", "--install")
    assert "-oProxyCommand" in refused("devices", "--install", "--", "-oProxyCommand=reboot")
