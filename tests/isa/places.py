"""Who answers samples: Python on this CPU and on those of qemu, the C++ runtime on one of Bochs."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import bochs
import numpy as np
import safetensors.numpy
from emulators import Cpu, cpus
from numpy.typing import NDArray
from programs import edgeattn_run

VNNI = "tigerlake"  # has AVX-512 too

Arrays = Mapping[str, NDArray[np.generic]]
Answers = Arrays  # by "3/embedding": the sample, its output
Place = Callable[[Path, Sequence[Arrays], Path], Answers]  # of a bundle, samples, and a folder for files


def places(cache: Path) -> Mapping[str, Place]:
    """Return who answers on each CPU, filling the cache where it is empty."""
    by_python = {cpu.name: partial(_by_python, cpu) for cpu in cpus(cache)}
    return {**by_python, VNNI: partial(_by_cpp, VNNI, cache)}


def _by_python(cpu: Cpu, bundle: Path, samples: Sequence[Arrays], folder: Path) -> Answers:
    inputs, outputs = folder / "inputs.npz", folder / f"{cpu.name}.npz"
    np.savez(inputs, **{f"{i}/{name}": array for i, s in enumerate(samples) for name, array in s.items()})
    cpu.python(str(Path(__file__).parent / "answer.py"), str(bundle), str(inputs), str(outputs))
    return dict(np.load(outputs))


def _by_cpp(cpu: str, cache: Path, bundle: Path, samples: Sequence[Arrays], folder: Path) -> Answers:
    files = {"edgeattn-run": edgeattn_run(kernels=False), "bundle.edge": bundle}
    commands = []
    for i, sample in enumerate(samples):
        name = f"{i}.safetensors"
        files[name] = folder / name
        arrays = {key: np.ascontiguousarray(array) for key, array in sample.items()}
        safetensors.numpy.save_file(arrays, files[name])
        commands += [f"./edgeattn-run run bundle.edge --input {name} -o y > /dev/null", "base64 y", "echo"]
    blocks = bochs.run(cpu, commands, files, cache).strip().split("\n\n")
    answers = [safetensors.numpy.load(b64decode(block)) for block in blocks]
    return {f"{i}/{name}": array for i, answer in enumerate(answers) for name, array in answer.items()}
