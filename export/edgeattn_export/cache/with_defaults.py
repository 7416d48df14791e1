"""What a decoder generates with where its caller says nothing."""

from __future__ import annotations

import warnings
from dataclasses import replace

from edgeattn_export.cache.steps import Steps
from edgeattn_export.cache.with_cache import Cached
from edgeattn_runtime.bundle.generation import check_generation
from edgeattn_runtime.bundle.generation_options import GenerationOptions
from edgeattn_runtime.errors import BundleError, ModelError


def with_defaults(cached: Cached, defaults: GenerationOptions) -> Cached:
    """Give a decoder the settings of its author; one without a cache takes none, with a warning.

    Raises:
        ModelError: They do not fit the model, such as a token beyond its vocabulary.
    """
    if not defaults:
        return cached
    if not isinstance(cached.graphs, Steps):
        warnings.warn(
            "generation: settings found, and no key-value cache: the bundle generates nothing", stacklevel=2
        )
        return cached
    steps = replace(cached.graphs, defaults=defaults)
    try:
        contracts = {name: part.graph for name, part in steps.graphs.items()}
        check_generation(steps.generation, contracts, steps.symbols)
    except BundleError as error:
        raise ModelError(f"{error}; correct generation of the model") from error
    return replace(cached, graphs=steps)
