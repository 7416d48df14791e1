"""A device over a real sshd on loopback."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeattn.devices.address import Address
from edgeattn.devices.connection import Connection
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.machine import Machine

GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "good.edge" / "model.onnx"
INPUTS = {"tokens": np.ones((1, 5), np.int64), "mask": np.ones((1, 5), np.float32)}


def test_a_destination_says_what_it_is(sshd: Any, ran: Callable[..., str]) -> None:
    assert Machine.here().cpu in ran("devices", f"{getpass.getuser()}@pi")


def test_a_graph_answers_there_as_here(sshd: Any) -> None:
    connection = Connection(Address.of("pi"))
    there = ORT_CPU.on(DeviceHost(Steady(connection))).file_runner(GRAPH)(INPUTS)
    connection.close()
    for name, array in ORT_CPU.file_runner(GRAPH)(INPUTS).items():
        np.testing.assert_array_equal(there[name], array)


def test_a_host_without_edgeattn_is_told_how_to_install_it(
    sshd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = sshd.folder / "home/.local/share/edgeattn/device/bin/python"
    aside = python.with_name("aside")
    python.rename(aside)
    python.write_text("#!/bin/sh\necho No module named edgeattn_runtime >&2; exit 1\n")
    python.chmod(0o755)
    try:
        with pytest.raises(BadInput, match="edgeattn devices pi --install"):
            Connection(Address.of("pi"))
    finally:
        aside.replace(python)


def test_a_host_that_is_not_there_is_one_line(sshd: Any) -> None:
    with pytest.raises(BadInput, match="device nowhere-invalid: "):
        Connection(Address.of("nowhere.invalid"))
