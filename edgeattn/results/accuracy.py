"""How right the int8 model is: as a whole, and what each module adds to the error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutputAccuracy:
    """How much of what one output varies by int8 explains.

    Attributes:
        kind: What it holds: "logits", "log-probabilities", "probabilities", "one logit", "embedding" or
            "numbers".
        by: By what that was recognized; empty for plain numbers.
        r2: The coefficient of determination: the mean over channels, or of all classes together.
        channel: Its place along the output's trailing fixed dims; empty where there is one channel.
        r2_float: The float export's, in units of the selection samples.
    """

    output: str
    kind: str
    by: str
    r2: float
    r2_channel_min: float
    channel: tuple[int, ...]
    r2_float: float

    @property
    def worst_channel(self) -> str:
        """The output and the place of its worst channel, such as "box[2]"."""
        place = ", ".join(map(str, self.channel))
        return f"{self.output}[{place}]" if place else self.output


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How near int8 comes to the original over some samples.

    Attributes:
        outputs: R² of each output, at least one.
        cosine_mean: Mean over samples of the cosine between all outputs, flattened, padding left out; None
            where an answer is one number, whose cosine is 1 or -1.
        cosine_min: The worst sample's.
        cosine_float_min: The worst sample's between the float export and the original.
        max_abs: The largest absolute difference of any number.
        snr_db: Mean over samples of the signal-to-noise ratio in dB.
        metric_pytorch: The user's metric, averaged over samples; None where there is none.
        metric_int8: The same for int8.
    """

    outputs: tuple[OutputAccuracy, ...]
    cosine_mean: float | None
    cosine_min: float | None
    cosine_float_min: float | None
    max_abs: float
    snr_db: float
    metric_pytorch: float | None
    metric_int8: float | None

    @property
    def worst_output(self) -> OutputAccuracy:
        """The output of the lowest R²."""
        return min(self.outputs, key=lambda output: output.r2)

    @property
    def worst_channel(self) -> OutputAccuracy:
        """The output that has the worst channel of all."""
        return min(self.outputs, key=lambda output: output.r2_channel_min)


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
