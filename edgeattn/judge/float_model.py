"""A model before anything is made of it for a target: what all targets share."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.judge.comparison import Comparison
from edgeattn.source.source import Source
from edgeattn_export.cache import Cached
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Parts
from edgeattn_export.recover import Recovered


@dataclass(frozen=True, slots=True)
class FloatModel:
    """A model, captured and understood.

    Attributes:
        source: As it was handed over.
        captured: The float export.
        recovered: Its meaning.
        cached: Its graph, or its step form.
        samples: Their parts.
        comparison: With the original.
    """

    source: Source
    captured: Captured
    recovered: Recovered
    cached: Cached
    samples: Parts
    comparison: Comparison
