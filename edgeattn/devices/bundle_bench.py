"""A whole bundle on a device: benchmarked there in a process of its own, as an app would find it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgeattn.devices.files import read_files
from edgeattn.devices.steady import Steady
from edgeattn_runtime.bundle.integrity import is_passed_over
from edgeattn_runtime.device.request import BenchSpec
from edgeattn_runtime.errors import BudgetError
from edgeattn_runtime.fields import Field

ROUNDS = 100  # of each golden sample
FEW_ROUNDS = 5  # where only memory is asked for: it stops growing after the first calls of each shape


def bench_there(
    steady: Steady,
    bundle: Path,
    *,
    threads: Sequence[int] = (),
    target: str | None = None,
    kernels: bool = True,
) -> bytes:
    """Return what ``python -m edgeattn_runtime bench --json`` says of a bundle on a device.

    Args:
        steady: Has it benchmarked on the device.
        bundle: The folder, which is sent there.
        threads: Numbers of intra-op threads; none takes what the bundle says.
        target: One of the bundle's; None takes the first that the device can run.
        kernels: Whether its sessions take the library of kernels, as ``load`` has it.

    Raises:
        EdgeAttnError: What the device raised, for example on a bundle that it cannot run.
    """
    answer = _answer(steady, bundle, threads=list(threads), target=target, rounds=ROUNDS, kernels=kernels)
    return json.dumps(answer["bench"].value).encode()


def weigh(steady: Steady, bundle: Path, *, threads: int) -> float:
    """Return the memory of a process there that runs a bundle, in MB, as ``edgeattn.measure.memory`` does.

    Raises:
        BudgetError: The device does not report a process's peak.
    """
    answer = _answer(steady, bundle, threads=[threads], target=None, rounds=FEW_ROUNDS, kernels=True)
    busy, idle = answer["bench"].table().get("peak_memory_mb", Field("", None)), answer["idle_mb"]
    if busy.value is None or idle.value is None:
        name = steady.connection.name
        raise BudgetError(f"budget memory_mb: device {name} does not report a process's peak; leave it out")
    return busy.number() - idle.number()


def _answer(steady: Steady, bundle: Path, **how: Any) -> dict[str, Field]:
    names = {
        path.relative_to(bundle).as_posix(): path for path in sorted(bundle.rglob("*")) if path.is_file()
    }
    files, contents = read_files({k: path for k, path in names.items() if not is_passed_over(bundle, k)})
    answer = steady("bench", asdict(BenchSpec(files=files, **how)), contents)
    return Field(f"device {steady.connection.name}", answer).record("bench", "idle_mb", "steadiness")
