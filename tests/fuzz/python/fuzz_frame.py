"""What a host sends a device, and what a device answers: frames that are read or refused.

The bytes are what either of the two hears. A device's verbs read their requests here, and measure nothing.
"""

from __future__ import annotations

import io
from contextlib import suppress

import atheris
from fuzzing import fuzz, scratch_file

with atheris.instrument_imports(include=["edgeattn.devices", "edgeattn_runtime"]):
    from edgeattn.devices.address import Address
    from edgeattn.devices.device import Device
    from edgeattn.devices.steady import Disturbance
    from edgeattn_runtime.device.files import Files
    from edgeattn_runtime.device.frames import read_frame
    from edgeattn_runtime.device.peer import serve
    from edgeattn_runtime.device.request import BenchSpec, RaceSpec, TimingSpec, call_of
    from edgeattn_runtime.device.worker import Worker
    from edgeattn_runtime.errors import BadInput
    from edgeattn_runtime.fields import Field

LIMIT = 1 << 20  # bytes of a device's files, and of a frame's arrays
WORKER = Worker(Files(scratch_file("files"), LIMIT), threads=1)
ADDRESS = Address("device", ("true",))
READERS = {
    "describe": lambda field: field.record(),
    "time": lambda field: [TimingSpec.from_field(each) for each in field.record("races")["races"].items()],
    "race": RaceSpec.from_field,
    "answer": call_of,
    "bench": BenchSpec.from_field,
}


def performed(reader):
    def perform(request, content):
        def verb(field):
            reader(field)
            return {}, {}

        return WORKER.perform(verb, {**request}, content)

    return perform


VERBS = {name: performed(reader) for name, reader in READERS.items()}


def read(content: bytes) -> None:
    serve(VERBS, io.BytesIO(content), io.BytesIO(), most=LIMIT)
    answers = io.BytesIO(content)
    while (frame := read_frame(answers, most=LIMIT)) is not None:
        answer, _ = frame
        with suppress(BadInput):
            Device.described(ADDRESS, answer)
        with suppress(BadInput):
            Disturbance.of(Field("steadiness", answer.get("steadiness")))


fuzz(read, BadInput)
