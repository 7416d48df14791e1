"""How right the int8 model is: as a whole, and what each module adds to the error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How near int8 comes to the original over some samples.

    Attributes:
        cosine_mean: Mean over samples of the cosine between all outputs, flattened, padding left out.
        cosine_min: The worst sample's.
        cosine_float_min: The worst sample's between the float export and the original.
        max_abs: The largest absolute difference of any number.
        snr_db: Mean over samples of the signal-to-noise ratio in dB.
        metric_pytorch: The user's metric, averaged over samples; None where there is none.
        metric_int8: The same for int8.
    """

    cosine_mean: float
    cosine_min: float
    cosine_float_min: float
    max_abs: float
    snr_db: float
    metric_pytorch: float | None
    metric_int8: float | None


@dataclass(frozen=True, slots=True)
class ModuleLoss:
    """Relative errors of one module to PyTorch, see ``edgeattn.judge.trace``.

    Attributes:
        module: Its path; empty for the model itself.
        introduced: By the module itself, in the bundle; None where nothing is left of it.
        accumulated: There, as the bundle's graph runs.
        in_float: Introduced by the float graph.
        wrong: Whether a graph computes it in float, and not as PyTorch does.
    """

    module: str
    introduced: float | None
    accumulated: float | None
    in_float: float
    wrong: bool
