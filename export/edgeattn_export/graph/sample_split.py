"""How samples are dealt in three parts, never mixed: in rounds of four."""

from __future__ import annotations

ROUND = 4  # samples in a round
CALIBRATION, SELECTION = 0, 2  # their places in a round; the two others evaluate
