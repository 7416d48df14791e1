"""Every case, in the order of cases.json: whole bundles, and mutations of these."""

from __future__ import annotations

import frozen
import generation_cases
import golden_vectors
import image_cases
import network
import predicted
import pushes
import signal_cases
import text_cases
import token_predictions
from edits import mutated

_WHOLE = (
    *network.cases(),
    *pushes.cases(),
    *network.broken(),
    *golden_vectors.cases(),
    *generation_cases.cases(),
    *text_cases.cases(),
    *image_cases.cases(),
    *signal_cases.cases(),
    *text_cases.limits(),
    *predicted.cases(),
    *token_predictions.cases(),
)
CASES = (*_WHOLE, *mutated({case.bundle: case.files for case in _WHOLE}), *frozen.cases())
