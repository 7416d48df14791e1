"""What the engine says of the time of each node of a graph, by the profile that its session writes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import onnxruntime

from edgeattn_export.graph.samples import Inputs

ROUNDS = 5  # of each input; the first of them is not counted
KERNEL = "_kernel_time"  # how onnxruntime ends the name of a node's event


@dataclass(frozen=True, slots=True)
class Kernel:
    """A node as the engine runs it: its optimizer has merged some, and put others in.

    Attributes:
        node: Its name.
        operator: Its type.
        microseconds: The median over the rounds, summed over inputs: one call that had to wait counts little.
    """

    node: str
    operator: str
    microseconds: float


def kernels(session: onnxruntime.InferenceSession, inputs: Iterable[Inputs]) -> tuple[Kernel, ...]:
    """Run a session that writes a profile, and end it.

    Args:
        session: Opened with ``profile``.
        inputs: Real ones, at least one; what the graph does not take is left out.
    """
    names = [value.name for value in session.get_inputs()]
    count = 0
    for arrays in inputs:
        count += 1
        for _ in range(ROUNDS):
            session.run(None, {name: arrays[name] for name in names})
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in json.loads(Path(session.end_profiling()).read_text(encoding="utf-8")):
        if event["name"].endswith(KERNEL):
            node = event["name"].removesuffix(KERNEL)
            times[node, event["args"]["op_name"]].append(event["dur"])
    return tuple(
        Kernel(node, operator, sum(map(median, _by_input(found, count))))
        for (node, operator), found in times.items()
    )


def _by_input(times: list[float], inputs: int) -> Iterator[list[float]]:
    """Yield the times of each input's rounds, without the first of them."""
    rounds = len(times) // inputs
    for i in range(inputs):
        yield times[i * rounds + (rounds > 1) : (i + 1) * rounds]
