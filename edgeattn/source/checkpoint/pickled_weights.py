"""Weights of a pickle, which may run code: refused, with the command that converts them.

The command reads tensors with ``weights_only``, and writes all of them and no other. It builds no network:
one would draw what the pickle lacks at random, as an export could not see any more.
"""

from __future__ import annotations

import shlex
from pathlib import Path

PICKLES = (".bin", ".pt", ".pth", ".ckpt")
PICKLED_WEIGHTS = "pytorch_model"  # begins their names; other pickles are an optimizer's or a trainer's
CONVERT = (
    "import sys, torch; from safetensors.torch import save_file; *pickles, file = sys.argv[1:]; "
    "parts = [torch.load(each, map_location='cpu', weights_only=True) for each in pickles]; "
    "copies = {k: v.clone(memory_format=torch.contiguous_format) for p in parts for k, v in p.items()}; "
    "save_file(copies, file, {'format': 'pt'})"
)


def pickles_in(folder: Path) -> list[Path]:
    """Return the files of a folder that hold pickled weights, the parts of a large one in their order."""
    pickles = sorted(file for file in folder.iterdir() if file.suffix in PICKLES)
    return [file for file in pickles if file.name.startswith(PICKLED_WEIGHTS)] or pickles[:1]


def pickle_refusal(pickles: list[Path]) -> str:
    """Return why pickles are refused, with the command that writes model.safetensors next to them."""
    files = [*pickles, pickles[0].with_name("model.safetensors")]
    names = " ".join(shlex.quote(str(file)) for file in files)
    return f'{pickles[0].name}: a pickle found, which may run code; convert it: python -c "{CONVERT}" {names}'
