"""Where a graph's time goes: the share of each operator, or PyTorch module, by the engine's own profile."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import onnx_ir as ir
import onnxruntime

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.files import ONNX
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.errors import ResourceError

ENGINES_OWN = "(of the engine)"  # nodes that its optimizer puts in
ROUNDS = 5  # of each input; the first of them is not counted
KERNEL = "_kernel_time"  # how onnxruntime ends the name of a node's event


def times_of(
    model: ir.Model, engine: Engine, inputs: Iterable[Inputs]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the share of the kernels' time that each operator takes, and each PyTorch module.

    The largest come first; they sum to 1. Operators are those that the engine runs: its optimizer has merged
    some, and put others in.

    Args:
        model: A graph.
        engine: What runs it, on one thread.
        inputs: Real ones, at least one.
    """
    modules = _modules(model)
    operators: defaultdict[str, float] = defaultdict(float)
    by_module: defaultdict[str, float] = defaultdict(float)
    with temporary_folder() as folder:
        session = engine.open(model, profile=folder / "profile")
        for kernel in kernels(session, inputs):
            operators[kernel.operator] += kernel.microseconds
            by_module[modules.get(kernel.node, ENGINES_OWN)] += kernel.microseconds
    return _shares(operators), _shares(by_module)


def module_times(graph: Path, engine: Engine, inputs: Iterable[Inputs]) -> dict[str, float]:
    """Return the share of the kernels' time that each PyTorch module takes, the largest first.

    Args:
        graph: A bundle's file, whose nodes carry the names of their modules.
        engine: What runs it, on one thread of this process.
        inputs: Real ones, at least one.

    Returns:
        By the module's path, empty for the model itself; nothing where the file is no ONNX, which carries no
        such names.
    """
    if graph.suffix != ONNX.suffix:
        return {}
    modules = _modules(ir.load(graph))
    times: defaultdict[str, float] = defaultdict(float)
    with temporary_folder() as folder:
        session = open_session(
            graph, providers=engine.providers, options=engine.options, profile=folder / "profile"
        )
        for kernel in kernels(session, inputs):
            times[modules.get(kernel.node, ENGINES_OWN)] += kernel.microseconds
    return _shares(times)


def convolutions(times: Mapping[str, float]) -> float:
    """Return the share of all convolutions, whatever the engine has merged with them."""
    return sum(share for name, share in times.items() if "Conv" in name)


def _modules(model: ir.Model) -> dict[str, str]:
    """Return the modules by the names that the engine may give to their nodes.

    It names a convolution that it lays out anew after its output.
    """
    modules = {}
    for node in model.graph.all_nodes():
        modules[node.name or ""] = module_of(node)
        for value in node.outputs:
            modules[f"{value.name}_nchwc"] = module_of(node)
    return modules


def _shares(times: Mapping[str, float]) -> dict[str, float]:
    whole = sum(times.values()) or 1.0
    return {name: time / whole for name, time in sorted(times.items(), key=lambda item: -item[1])}


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
    for event in _events(Path(session.end_profiling())):
        if event["name"].endswith(KERNEL):
            node = event["name"].removesuffix(KERNEL)
            times[node, event["args"]["op_name"]].append(event["dur"])
    return tuple(
        Kernel(node, operator, sum(map(median, _by_input(durations, count))))
        for (node, operator), durations in times.items()
    )


def _events(profile: Path) -> list[dict[str, Any]]:
    """Return what a profile holds; onnxruntime never says that a disk had no room for it."""
    try:
        return list(json.loads(profile.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ResourceError(
            f"{profile}: a profile that ends early found, as on a full disk; free some space, or set "
            "TMPDIR to a folder on another disk"
        ) from error


def _by_input(times: list[float], inputs: int) -> Iterator[list[float]]:
    """Yield the times of each input's rounds, without the first of them."""
    rounds = len(times) // inputs
    for i in range(inputs):
        yield times[i * rounds + (rounds > 1) : (i + 1) * rounds]
