"""Every case, in the order of cases.json."""

from __future__ import annotations

from broken_cases import BROKEN, INDICES, LENGTHS, PROMISES
from default_cases import DEFAULTS
from golden_cases import GOLDEN
from limit_cases import LIMITS
from predicted_cases import PREDICTED
from prepared_cases import PREPARED
from signed_cases import SIGNED
from streaming_cases import STREAMING
from variant_cases import VARIANTS
from whole_cases import WHOLE

CASES = (
    *WHOLE,
    *DEFAULTS,
    *BROKEN,
    *GOLDEN,
    *INDICES,
    *LENGTHS,
    *VARIANTS,
    *PROMISES,
    *STREAMING,
    *PREPARED,
    *PREDICTED,
    *LIMITS,
    *SIGNED,
)
