"""How samples are dealt in three parts: in rounds of four."""

DEALT = 4  # samples in a round
CALIBRATION, SELECTION = 0, 2  # their places in a round; the two others evaluate
EVALUATION_SHARE = 0.5
