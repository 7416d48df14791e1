"""For which share of all inputs the worst sample speaks, whatever their distribution.

n inputs drawn independently all miss a share 1 - p of the distribution with probability p^n. So at least the
share p is no worse than the worst of them, with confidence 1 - p^n (S. S. Wilks, "Determination of Sample
Sizes for Setting Tolerance Limits", Annals of Mathematical Statistics 12, 1941).
"""

from __future__ import annotations

import math

from edgeattn.judge.confidence import CONFIDENCE, SHARE


def share_shown(count: int) -> float:
    """Return the share of inputs that are no worse than the worst of ``count`` samples, at least 1."""
    return float((1 - CONFIDENCE) ** (1 / count))


def count_for(share: float = SHARE) -> int:
    """Return how many samples speak for a share of inputs, above 0 and below 1."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(share))
