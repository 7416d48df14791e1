"""Which of a bundle's variants can be measured here: in this process, or in a worker of its target."""

from __future__ import annotations

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.targets import target_of
from edgeattn_runtime.bundle.manifest import Manifest, Variant
from edgeattn_runtime.engine.compatibility import runnable
from edgeattn_runtime.errors import IncompatibleRuntimeError


def engine_of(variant: Variant) -> Engine:
    """Return what opens a variant: its target's environment where that is installed, else this process."""
    engine, target = variant.engine, target_of(variant.target)
    host = HERE if target is None or target.engine.host.missing() is not None else target.engine.host
    return Engine(engine.name, engine.version, engine.providers, engine.options, host=host)


def measurable(manifest: Manifest) -> tuple[Variant, ...]:
    """Return the variants that can be run here, in the bundle's order of preference.

    Raises:
        IncompatibleRuntimeError: None can; the message says what each needs.
    """
    lacking = None
    try:
        here = runnable(manifest)
    except IncompatibleRuntimeError as error:
        here, lacking = (), error
    variants = tuple(it for it in manifest.variants if it in here or engine_of(it).host is not HERE)
    if lacking is not None and not variants:
        raise lacking
    return variants
