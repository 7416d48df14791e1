"""What heads and neurons are worth: the cosine that is lost without a share of all of them, in float.

    python tests/bench/bench_pruning.py [MODEL | FILE.py ...]

Prints, for heads and neurons, which share of them goes in every layer, the cosine to the whole float graph
that the evaluation samples lose, in the mean and at worst, and the megabytes of the main graph. One thread.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from bench_sizes import MODELS, answers_of, float_graph

from edgeattn.source.handover import load
from edgeattn_export.graph.files import file_mb
from edgeattn_export.quantize.pruning import HEADS, NEURONS
from edgeattn_runtime.bundle.deviation import cosine

SHARES = {
    HEADS: (Fraction(1, 6), Fraction(1, 4), Fraction(1, 2)),
    NEURONS: (Fraction(1, 10), Fraction(1, 4), Fraction(1, 2)),
}


def main() -> None:
    """Measure each model and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["sentence"])
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    for name in parser.parse_args().models:
        for line in measured(Path(name) if name.endswith(".py") else MODELS / name / "model.py"):
            print(f"{name}: {line}", flush=True)


def measured(path: Path) -> Iterator[str]:
    """Yield a line for each share of heads and of neurons."""
    part, evaluation = float_graph(load(str(path)))
    calibration = part.calibration
    whole = answers_of(part, evaluation, calibration.model)
    yield f"all of them: {file_mb(calibration.model):.2f} MB"
    for noun, shares in SHARES.items():
        names = [name for name, units in calibration.surgeon.readers.units.items() if units.noun == noun]
        for share in shares if names else ():
            model = calibration.pruned([(name, float(share)) for name in names]).model
            lost = 1 - np.array(list(map(cosine, whole, answers_of(part, evaluation, model))))
            figures = (
                f"{lost.mean():.4f} of the cosine lost, at worst {lost.max():.4f}, {file_mb(model):.2f} MB"
            )
            yield f"without {share} of the {noun} of {len(names)} layers: {figures}"


if __name__ == "__main__":
    main()
