"""Where a graph's time goes: the share of each operator, or PyTorch module, by the engine's own profile."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
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
    some, and put others in. The model itself has an empty path.
    """
    with temporary_folder() as folder:
        return _shares(engine.open(model, profile=folder / "profile"), model, inputs)


def module_times(graph: Path, engine: Engine, inputs: Iterable[Inputs]) -> dict[str, float]:
    """Return the shares of PyTorch modules, as ``times_of`` does, in a bundle's file.

    Returns:
        Nothing where the file is no ONNX, whose nodes carry the names of their modules.
    """
    if graph.suffix != ONNX.suffix:
        return {}
    with temporary_folder() as folder:
        session = open_session(
            graph, providers=engine.providers, options=engine.options, profile=folder / "profile"
        )
        return _shares(session, ir.load(graph), inputs)[1]


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


def _shares(
    session: onnxruntime.InferenceSession, model: ir.Model, inputs: Iterable[Inputs]
) -> tuple[dict[str, float], dict[str, float]]:
    modules = _modules(model)
    operators, by_module = defaultdict[str, float](float), defaultdict[str, float](float)
    for (node, operator), microseconds in kernel_times(session, inputs).items():
        operators[operator] += microseconds
        by_module[modules.get(node, ENGINES_OWN)] += microseconds
    whole = sum(operators.values()) or 1.0
    both = (sorted(times.items(), key=lambda item: -item[1]) for times in (operators, by_module))
    shares, module_shares = ({name: time / whole for name, time in times} for times in both)
    return shares, module_shares


def kernel_times(
    session: onnxruntime.InferenceSession, inputs: Iterable[Inputs]
) -> dict[tuple[str, str], float]:
    """Run a session that was opened with ``profile`` on what it takes of some inputs, and end it.

    Returns:
        By the name and the operator of each node that the engine runs, the microseconds of a call: the median
        over the rounds, as one call that had to wait counts little, summed over inputs.
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
    return {kernel: sum(map(median, _by_input(durations, count))) for kernel, durations in times.items()}


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
