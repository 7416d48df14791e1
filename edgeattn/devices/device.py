"""What a host knows of a device: its name, its machine, and what it can run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import edgeattn_runtime
from edgeattn.devices.address import Address
from edgeattn_runtime.errors import BundleError, IncompatibleRuntimeError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.timing.machine import Machine

DESCRIPTION = 1 << 13  # bytes of JSON


@dataclass(frozen=True, slots=True)
class Device:
    """A machine that measures.

    Attributes:
        name: As reports have it.
        machine: What it is.
        providers: Execution providers of its onnxruntime.
        threads: Intra-op threads that a search times there.
    """

    name: str
    machine: Machine
    providers: tuple[str, ...]
    threads: int

    @classmethod
    def described(cls, address: Address, answer: Mapping[str, object]) -> Device:
        """Read what a device says of itself.

        Raises:
            IncompatibleRuntimeError: Its edgeattn is of another version than this one, or names none; or what
                it says is no description, or longer than ``DESCRIPTION``.
        """
        name = address.name
        runtime, expected = answer.get("runtime"), edgeattn_runtime.__version__
        if runtime != expected:
            raise IncompatibleRuntimeError(
                f"device {name}: edgeattn {str(runtime)[:40]} found, {expected} expected, as here; "
                f"{address.remedy}"
            )
        if (size := len(json.dumps(answer))) > DESCRIPTION:
            raise IncompatibleRuntimeError(
                f"device {name}: a description of {size:,} bytes found, at most {DESCRIPTION:,} expected; "
                f"{address.remedy}"
            )
        try:
            fields = Field("", answer).record("runtime", "machine", "providers", "threads")
            machine = Machine.from_field(fields["machine"])
            fields["machine"].table()["versions"].record("python", "onnxruntime", "numpy")
            providers = tuple(item.text() for item in fields["providers"].items())
            return cls(name, machine, providers, fields["threads"].integer(1))
        except BundleError as error:
            raise IncompatibleRuntimeError(
                f"device {name}: no description of a device ({error}); {address.remedy}"
            ) from error

    def __str__(self) -> str:
        version = self.machine.versions["onnxruntime"]
        return f"{self.name} ({self.machine}; onnxruntime {version} with {', '.join(self.providers)})"
