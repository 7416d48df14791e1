"""What makes a layer more exact in int8 at the same speed: one technique a file, by its name in a recipe."""

from collections.abc import Mapping
from typing import Protocol

from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.statistics import Statistics
from edgeattn_export.quantize.techniques.bias_correction import correct_bias
from edgeattn_export.quantize.techniques.clipping import clip
from edgeattn_export.quantize.techniques.outliers import set_apart
from edgeattn_export.quantize.techniques.pairing import pair
from edgeattn_export.quantize.techniques.rounding import round_by_output
from edgeattn_export.quantize.techniques.smoothing import smooth
from edgeattn_export.quantize.techniques.splitting import split


class Technique(Protocol):
    """Takes a layer, what is known of its input, and the recipe's one number; returns the layer changed."""

    def __call__(self, linear: Linear, statistics: Statistics, number: float, /) -> Linear: ...  # noqa: D102


TECHNIQUES: Mapping[str, Technique] = {
    "outlier channels": set_apart,
    "smoothing": smooth,
    "channel splitting": split,
    "clipping": clip,
    "pairing": pair,
    "rounding": round_by_output,
    "bias correction": correct_bias,
}
BY_GRAM = frozenset({"rounding"})  # those that need Gram matrices

__all__ = ["BY_GRAM", "TECHNIQUES", "Technique"]
