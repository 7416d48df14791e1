"""What --on names: an SSH destination, or a device of devices.toml with a command of its own."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeattn_runtime.errors import BadInput

INSTALLED = (
    "$HOME/.local/share/edgeattn/device"  # where ``install`` makes an environment, as a shell reads it
)
SSH = ("ssh", "-T", "-o", "BatchMode=yes")  # no terminal, and no question that nobody would see
_START = (
    f"""exec sh -c 'p="{INSTALLED}/bin/python"; [ -x "$p" ] || p=python3; """
    """exec "$p" -m edgeattn_runtime.device'"""
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_NOT_OF_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device is.

    Attributes:
        name: What reports and targets call it: the host of an SSH destination, or its name in devices.toml.
        command: Starts the runtime there, and leads to its standard streams.
        destination: As ssh takes it; None where the command is the user's own.
    """

    name: str
    command: tuple[str, ...]
    destination: str | None = None

    @classmethod
    def of(cls, named: str) -> Address:
        """Return what a name of the command line leads to.

        Raises:
            BadInput: It is no destination, or devices.toml is not as it must be.
        """
        commands = listed()
        if named in commands:
            return cls(named, commands[named])
        if not named or named.startswith("-") or not named.isprintable() or " " in named:
            raise BadInput(f"device {named!r}: an SSH destination expected, or a name in {devices_file()}")
        name = _NOT_OF_NAMES.sub("-", named.rpartition("@")[2]).strip("-_")
        return cls(name or "device", (*SSH, "--", named, _START), named)

    @property
    def remedy(self) -> str:
        """What puts this edgeattn's runtime there, in words."""
        if self.destination is None:
            return f"install it where the command in {devices_file()} leads"
        return f"edgeattn devices {self.destination} --install"


def devices_file() -> Path:
    """Return where devices with commands of their own are listed."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "edgeattn" / "devices.toml"


def listed() -> Mapping[str, tuple[str, ...]]:
    """Return the commands of the devices in devices.toml, by their names; none where there is no such file.

    Raises:
        BadInput: It cannot be read, or holds something else.
    """
    file = devices_file()
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadInput(f"{file}: {' '.join(str(error).split())}; TOML expected") from error
    return {name: _command(file, name, table) for name, table in tables.items()}


def _command(file: Path, name: str, table: object) -> tuple[str, ...]:
    if not _NAME.fullmatch(name):
        raise BadInput(f"{file}: device {name!r}: letters, digits, _ and - expected, such as pi4")
    command = table["command"] if isinstance(table, dict) and set(table) == {"command"} else None
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        raise BadInput(
            f'{file}: [{name}]: only command = ["WORD", ...] expected, which starts '
            "python -m edgeattn_runtime.device there"
        )
    return tuple(command)
