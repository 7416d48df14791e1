from __future__ import annotations

from pathlib import Path

import pytest

from edgeattn.devices.address import Address, listed
from edgeattn_runtime.errors import BadInput


@pytest.fixture
def devices_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "edgeattn").mkdir()
    return tmp_path / "edgeattn" / "devices.toml"


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ("pi4", "pi4"),
        ("pi@pi4", "pi4"),
        ("pi@192.168.0.2", "192-168-0-2"),
        ("ssh://pi@pi4:2222", "pi4-2222"),
        ("ssh://pi4", "ssh-pi4"),
    ],
)
def test_a_destination_is_sshs_and_its_host_the_devices_name(
    devices_toml: Path, named: str, name: str
) -> None:
    address = Address.of(named)
    assert (address.name, address.destination) == (name, named)
    assert address.command[:-2] == ("ssh", "-T", "-o", "BatchMode=yes", "--")


@pytest.mark.parametrize("named", ["-oProxyCommand=touch /tmp/x", "--", "", "pi4 reboot", "pi4\nx"])
def test_an_option_of_ssh_is_no_destination(devices_toml: Path, named: str) -> None:
    with pytest.raises(BadInput, match="SSH destination"):
        Address.of(named)


def test_a_listed_device_has_a_command_of_its_own(devices_toml: Path) -> None:
    devices_toml.write_text('[board]\ncommand = ["docker", "exec", "-i", "board", "python"]\n')
    assert Address.of("board") == Address("board", ("docker", "exec", "-i", "board", "python"))
    assert list(listed()) == ["board"]
    assert Address.of("other").destination == "other"


@pytest.mark.parametrize(
    "text",
    [
        "board",
        "[board]",
        '[board]\ncommand = "docker"',
        "[board]\ncommand = []",
        '[board]\ncommand = ["a"]\nthreads = 2',
        '["pi@pi4"]\ncommand = ["a"]',
    ],
)
def test_what_is_no_list_of_devices_is_refused_by_its_file(devices_toml: Path, text: str) -> None:
    devices_toml.write_text(text)
    with pytest.raises(BadInput, match=r"devices\.toml"):
        Address.of("board")
