"""All that was measured of a model, and that a limit may be read off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeattn.judge.scores import Scores
from edgeattn.measure.latencies import Race
from edgeattn_export.graph.placement import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Numbers of one model; None, or empty, where nobody measured.

    Attributes:
        scores: Over some samples.
        latency_ms: Of all runners, side by side.
        size_mb: By runner, 1 MB = 10^6 bytes.
        memory_mb: See ``edgeattn.measure.memory``.
        operator_times: By operator, its share of the main int8 graph's time.
        module_times: The same by PyTorch module.
        placement: Where the main int8 graph's work runs; None where there is but one place.
        golden: The cosine that every golden output must reach on a device.
    """

    scores: Scores
    latency_ms: Race | None = None
    size_mb: Mapping[str, float] = field(default_factory=dict)
    memory_mb: float | None = None
    operator_times: Mapping[str, float] = field(default_factory=dict)
    module_times: Mapping[str, float] = field(default_factory=dict)
    placement: Placement | None = None
    golden: float | None = None
