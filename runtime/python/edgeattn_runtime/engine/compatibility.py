"""Which of a bundle's variants this device can run, in the order that the bundle prefers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import onnxruntime

from edgeattn_runtime.bundle.manifest import Manifest, Variant
from edgeattn_runtime.bundle.variant import Engine
from edgeattn_runtime.engine.release import release
from edgeattn_runtime.engine.session import available_providers
from edgeattn_runtime.engine.system import has_amx
from edgeattn_runtime.errors import IncompatibleRuntimeError, InputError
from edgeattn_runtime.graph import Graph, symbols_of

ENGINE = "onnxruntime"  # the one that this runtime drives
RIGHT_ON_AMX = "1.25"  # the first whose int8 products of 16 rows or more are right on AMX

_CPU_ALONE = ("CPUExecutionProvider",)

# By execution provider, what brings it; two packages with a module onnxruntime exclude one another.
BROUGHT_BY = {
    "CUDAExecutionProvider": "pip install onnxruntime-gpu in the place of onnxruntime",
    "CoreMLExecutionProvider": "onnxruntime for macOS or iOS",
    "DmlExecutionProvider": "pip install onnxruntime-directml in the place of onnxruntime",
    "OpenVINOExecutionProvider": "pip install onnxruntime-openvino in the place of onnxruntime",
    "QNNExecutionProvider": "pip install onnxruntime-qnn",
    "XnnpackExecutionProvider": "Debian's python3-onnxruntime",
}


def runnable(manifest: Manifest, *, target: str | None = None) -> tuple[Variant, ...]:
    """Return the variants that this device can run.

    Raises:
        InputError: The bundle has no such target.
        IncompatibleRuntimeError: No variant is runnable here; the message says what each needs.
    """
    candidates = [variant for variant in manifest.variants if target in (None, variant.target)]
    if not candidates:
        targets = ", ".join(dict.fromkeys(variant.target for variant in manifest.variants))
        raise InputError(f"{manifest.name}: no target {target!r}; it has {targets}")
    available = available_providers()
    obstacles = {i: _obstacle(variant, manifest, available) for i, variant in enumerate(candidates)}
    variants = [variant for i, variant in enumerate(candidates) if obstacles[i] is None]
    if not variants:
        reasons = (f"{candidates[i].target} {reason}" for i, reason in obstacles.items())
        needs = "; ".join(dict.fromkeys(reasons))  # buckets of a target lack the same
        raise IncompatibleRuntimeError(
            f"{manifest.name}: no variant runs here: {needs}; install what one of them needs, or export for "
            "this device"
        )
    return tuple(variants)


def reachable(variants: Iterable[Variant], graph: Graph) -> Iterator[Variant]:
    """Yield the variants that calls of a graph can reach: up to the first that fixes none of its sizes."""
    symbols = frozenset(symbols_of(graph.inputs))
    for variant in variants:
        yield variant
        if symbols.isdisjoint(variant.sizes):
            return


def _obstacle(variant: Variant, manifest: Manifest, available: Sequence[str]) -> str | None:
    """Say what keeps a variant from running here; None where nothing does."""
    if (
        reason := missing_requirement(variant.engine, onnxruntime.__version__, available, has_amx)
    ) is not None:
        return reason
    if manifest.generation is not None and variant.sizes:
        fixed = ", ".join(f"{symbol} {size}" for symbol, size in variant.sizes.items())
        return f"fixes {fixed}, and this runtime generates in dynamic sizes alone"
    return None


def missing_requirement(
    engine: Engine, installed: str, available: Sequence[str], amx: Callable[[], bool]
) -> str | None:
    """Say what keeps an engine from running on a machine; None where nothing does.

    Args:
        engine: What is needed.
        installed: The machine's release of onnxruntime.
        available: Its execution providers.
        amx: Whether its CPU multiplies int8 by AMX.
    """
    if engine.name != ENGINE:
        return f"needs {engine}, and this runtime drives {ENGINE}"
    if release(installed) < release(engine.version):
        return f"needs {ENGINE} {engine.version} or newer, and {installed} is installed"
    if engine.providers == _CPU_ALONE and release(installed) < release(RIGHT_ON_AMX) and amx():
        return (
            f"needs {ENGINE} {RIGHT_ON_AMX} or newer on a CPU with amx_int8, and {installed}, which "
            "multiplies int8 wrongly there, is installed"
        )
    absent = [provider for provider in engine.providers if provider not in available]
    if absent:
        ways = [BROUGHT_BY[name] for name in absent if name in BROUGHT_BY]
        hint = f" ({', '.join(ways)})" if ways else ""
        return f"needs {', '.join(absent)}{hint}, and {ENGINE} {installed} here has {', '.join(available)}"
    return None
