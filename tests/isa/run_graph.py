"""Runs one ONNX file on the CPU in question.

python run_graph.py MODEL.onnx INPUTS.npz OUTPUTS.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from edgeattn_runtime.engine.session import open_session

model, inputs, outputs = sys.argv[1:]
session = open_session(Path(model), providers=("CPUExecutionProvider",))
names = [output.name for output in session.get_outputs()]
np.savez(outputs, **dict(zip(names, session.run(names, dict(np.load(inputs))), strict=True)))
