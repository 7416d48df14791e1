"""Where a graph's time goes: the share of each operator, or PyTorch module, as the engine counts it."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import onnx_ir as ir

from edgeattn.measure.profile import kernels
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.formats import ONNX
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.scopes import module_of
from edgeattn_runtime.session import open_session

ENGINES_OWN = "(of the engine)"  # nodes that its optimizer puts in


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
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        session = engine.open(model, profile=Path(folder) / "profile")
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
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        session = open_session(
            graph, providers=engine.providers, options=engine.options, profile=Path(folder) / "profile"
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
    found = {}
    for node in model.graph.all_nodes():
        found[node.name or ""] = module_of(node)
        for value in node.outputs:
            found[f"{value.name}_nchwc"] = module_of(node)
    return found


def _shares(times: Mapping[str, float]) -> dict[str, float]:
    whole = sum(times.values()) or 1.0
    return {name: time / whole for name, time in sorted(times.items(), key=lambda item: -item[1])}
