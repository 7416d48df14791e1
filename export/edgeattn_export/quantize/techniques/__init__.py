"""What makes a layer more exact in int8: one technique a file, by its name in a recipe."""

from collections.abc import Mapping

from edgeattn_export.quantize.techniques.bias_correction import BIAS_CORRECTION
from edgeattn_export.quantize.techniques.channel_splitting import CHANNEL_SPLITTING
from edgeattn_export.quantize.techniques.clipping import CLIPPING
from edgeattn_export.quantize.techniques.entropy_range import ENTROPY_RANGE
from edgeattn_export.quantize.techniques.least_error_range import LEAST_ERROR_RANGE
from edgeattn_export.quantize.techniques.outlier_channels import OUTLIER_CHANNELS
from edgeattn_export.quantize.techniques.percentile_range import PERCENTILE_RANGE
from edgeattn_export.quantize.techniques.rounding import ROUNDING
from edgeattn_export.quantize.techniques.smoothing import SMOOTHING
from edgeattn_export.quantize.techniques.technique import Technique

_IN_ORDER = (
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
