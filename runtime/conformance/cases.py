"""Every case, in the order of cases.json: whole bundles, and mutations of these."""

from __future__ import annotations

import detected
import generation_cases
import network_cases
import predicted
import prepared_cases
import prompted_tags
import token_predictions
from edits import mutated

_WHOLE = (
    *network_cases.cases(),
    *generation_cases.cases(),
    *prepared_cases.cases(),
    *predicted.cases(),
    *detected.cases(),
    *token_predictions.cases(),
    *prompted_tags.cases(),
)
CASES = (*_WHOLE, *mutated({case.bundle: case.files for case in _WHOLE}))
