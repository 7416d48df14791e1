"""Asking a device: a verb and plain data there, an answer back; files go once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import uuid4

from distributed import Client, Future, KilledWorker
from distributed.client import FutureCancelledError

import edgeattn_runtime.errors
from edgeattn.devices.device import Device, devices_of
from edgeattn.devices.on_device.calls import Plain
from edgeattn.devices.on_device.declaration import RESOURCE
from edgeattn.devices.on_device.verbs import Answer, perform
from edgeattn.devices.pieces import in_tasks
from edgeattn_runtime.errors import BadInput

PATIENCE = 60.0  # seconds in which a device that has gone must be back, at least
STARTS = 4.0  # or times as long as its worker took to start, where that is slow
TIMES = 3  # that a device is asked: files of other hosts may push out what was sent
LOOK = 2.0  # seconds between looks at whether it is there

Contents = Mapping[str, bytes]  # of files, by their sha256


class DeviceLostError(BadInput):
    """A device, or its scheduler, has gone in a measurement and not come back."""


@dataclass(frozen=True)
class Asking:
    """One device, asked by this host; others take turns with it.

    Attributes:
        client: Of its scheduler.
        device: Who is asked.
        patience: Seconds in which it must be back, once it has gone; None takes what its start tells.
    """

    client: Client
    device: Device
    patience: float | None = None
    _sent: set[str] = field(default_factory=set, init=False, repr=False, compare=False)  # by their sha256
    _latest: list[Future[Answer]] = field(default_factory=list, init=False, repr=False, compare=False)

    def ask(self, verb: str, request: Mapping[str, object], contents: Contents) -> Answer:
        """Have a verb performed, and return the answer.

        Args:
            verb: One of the device's.
            request: Plain data.
            contents: Of all files that it names.

        Raises:
            EdgeAttnError: What the device raised.
            DeviceLostError: It ended in the measurement and did not come back, or ended again and again.
        """
        tasks: Iterable[list[Plain]] = [self._along(contents)]
        for _ in range(TIMES):
            for pieces in tasks:
                answer = self._task(verb, {**request, "pieces": pieces})
                missing: list[str] = answer.get("missing", [])
                if not missing:
                    self._sent.update(contents)
                    return answer
            tasks = in_tasks({digest: contents[digest] for digest in missing})
        raise BadInput(
            f"device {self.device.name}: its folder holds less than the {_megabytes(contents):,.0f} MB "
            "that are needed at once; start it with more: edgeattn device ... --files-mb"
        )

    def _along(self, contents: Contents) -> list[Plain]:
        """Return what was never sent, where one task holds all of it: the device need not ask for it then."""
        new = {digest: content for digest, content in contents.items() if digest not in self._sent}
        tasks = list(islice(in_tasks(new), 2))
        return tasks[0] if len(tasks) == 1 else []

    def _task(self, verb: str, request: Mapping[str, object]) -> Answer:
        future: Future[Answer] = self.client.submit(
            perform,
            verb,
            {**request, "id": uuid4().hex},
            resources={f"{RESOURCE}{self.device.name}": 1},
            pure=False,
        )
        # The one before is dropped only now: Dask tells its scheduler so, and for 10 ms nothing else.
        self._latest[:] = [future]
        answer = self._result(future)
        if "error" in answer:
            kind = getattr(edgeattn_runtime.errors, answer["error"], BadInput)
            raise kind(f"device {self.device.name}: {answer['reason']}")
        return answer

    def _result(self, future: Future[Answer]) -> Answer:
        """Wait for an answer as long as the device is there, or may be back."""
        name, seen = self.device.name, time.monotonic()
        patience = self.patience or max(PATIENCE, STARTS * self.device.starting)
        while True:
            try:
                found: Any = future.result(timeout=LOOK)
            except TimeoutError:
                if self._is_there():
                    seen = time.monotonic()
                elif time.monotonic() - seen > patience:
                    future.cancel()
                    raise DeviceLostError(
                        f"device {name}: gone in a measurement, and not back in {patience:.0f} s; "
                        f"start it again there: edgeattn device SCHEDULER --name {name}"
                    ) from None
            except KilledWorker as error:
                raise DeviceLostError(
                    f"device {name}: its worker ended in this measurement time and again, as it does where "
                    "memory runs out; export a smaller model, or measure on a larger device"
                ) from error
            except (FutureCancelledError, OSError) as error:
                raise DeviceLostError(
                    f"device {name}: its scheduler has gone ({' '.join(str(error).split())}); start it and "
                    "this command again: what was measured is kept"
                ) from error
            else:
                return dict(found)

    def _is_there(self) -> bool:
        try:
            return any(device.name == self.device.name for device in devices_of(self.client))
        except (OSError, TimeoutError):
            return False


def _megabytes(contents: Contents) -> float:
    return sum(map(len, contents.values())) / 1e6
