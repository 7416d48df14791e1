"""Answers samples with a bundle. Runs on the CPU in question, so it imports the device's runtime alone.

python answer.py NAME.edge INPUTS.npz OUTPUTS.npz      arrays are called "3/input_ids": the sample, its input
"""

from __future__ import annotations

import sys
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

import edgeattn_runtime


def main(bundle: str, inputs: str, outputs: str) -> None:
    net = edgeattn_runtime.load(bundle)
    samples: dict[str, dict[str, NDArray[np.generic]]] = defaultdict(dict)
    for name, array in np.load(inputs).items():
        sample, _, of = name.partition("/")
        samples[sample][of] = array
    answers = {
        f"{sample}/{name}": value
        for sample, arrays in samples.items()
        for name, value in net(**arrays).items()
    }
    np.savez(outputs, **answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
