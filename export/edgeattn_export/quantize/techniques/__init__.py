"""What makes a layer more exact in int8: one technique a file, by its name in a recipe.

How to add one:

1. A file here with a function (Linear, Statistics, number) -> Linear, with the paper and section of its
   source in the docstring, and its instance of ``Technique``. The instance says which statistics it needs:
   ``by_gram`` for Gram matrices, ``by_own_inputs`` for the inputs of the network whose layers before it are
   treated already, ``ranges`` where it chooses the fixed range of the input by a histogram.
2. A line in ``_IN_ORDER``. Techniques apply in that order, and a recipe in another order is refused: one that
   changes a scale or a weight comes before those that round it.
3. A treatment with it among the ``Candidates`` of a target, so that the search tries it.
4. A test in tests/export/quantize/techniques/, and a row in docs/recipes.md.
"""

from collections.abc import Mapping

from edgeattn_export.quantize.techniques.bias_correction import BIAS_CORRECTION
from edgeattn_export.quantize.techniques.channel_splitting import CHANNEL_SPLITTING
from edgeattn_export.quantize.techniques.clipping import CLIPPING
from edgeattn_export.quantize.techniques.entropy_range import ENTROPY_RANGE
from edgeattn_export.quantize.techniques.least_error_range import LEAST_ERROR_RANGE
from edgeattn_export.quantize.techniques.outlier_channels import OUTLIER_CHANNELS
from edgeattn_export.quantize.techniques.percentile_range import PERCENTILE_RANGE
from edgeattn_export.quantize.techniques.refit import REFIT
from edgeattn_export.quantize.techniques.rounding import ROUNDING
from edgeattn_export.quantize.techniques.smoothing import SMOOTHING
from edgeattn_export.quantize.techniques.technique import Technique

_IN_ORDER = (
    REFIT,
    OUTLIER_CHANNELS,
    SMOOTHING,
    CHANNEL_SPLITTING,
    PERCENTILE_RANGE,
    LEAST_ERROR_RANGE,
    ENTROPY_RANGE,
    CLIPPING,
    ROUNDING,
    BIAS_CORRECTION,
)

TECHNIQUES: Mapping[str, Technique] = {technique.name: technique for technique in _IN_ORDER}

__all__ = ["TECHNIQUES", "Technique"]
