"""Where a graph's time goes: the share of each operator, as the engine itself counts it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import onnx_ir as ir

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs

ROUNDS = 4  # of each input; the first of them is not counted
KERNEL = "_kernel_time"  # how onnxruntime ends the name of a node's event


def operator_times(model: ir.Model, engine: Engine, inputs: Iterable[Inputs]) -> dict[str, float]:
    """Return the share of the kernels' time that each operator takes, the largest first; they sum to 1.

    Operators are those that the engine runs: its optimizer has merged some, and put others in.

    Args:
        model: A graph.
        engine: What runs it, on one thread.
        inputs: Real ones, at least one.
    """
    times: Counter[str] = Counter()
    for arrays in inputs:
        times.update(_microseconds(model, engine, arrays))
    whole = sum(times.values()) or 1.0
    return {name: time / whole for name, time in times.most_common()}


def convolutions(times: Mapping[str, float]) -> float:
    """Return the share of all convolutions, whatever the engine has merged with them."""
    return sum(share for name, share in times.items() if "Conv" in name)


def _microseconds(model: ir.Model, engine: Engine, inputs: Inputs) -> Counter[str]:
    """Return the time of each operator in all calls but the first."""
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        session = engine.open(model, profile=Path(folder) / "profile")
        for _ in range(ROUNDS):
            session.run(None, {value.name: inputs[value.name] for value in session.get_inputs()})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    found: Counter[str] = Counter()
    seen: set[str] = set()
    for event in events:
        if event["name"].endswith(KERNEL):
            if event["name"] in seen:
                found[event["args"]["op_name"]] += event["dur"]
            seen.add(event["name"])
    return found
