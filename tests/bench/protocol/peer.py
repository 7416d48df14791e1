"""What a peer is: the packages it needs, how it exports a network, and how it runs what it exported.

The process that leads imports these files too, to know the packages. So a peer imports its own packages
inside its functions, which only its worker calls, in the peer's own virtual environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # of the dtype that the input or output has
Feed = Mapping[str, Array]
Call = Callable[[], Array]
"""One inference on inputs bound before; returns the hidden state (B, S, W) or the embedding (B, W)."""

HIDDEN = Path(__file__).parents[1] / "networks" / "hidden.py"  # what peers that take PyTorch export
TOKENS, MASK = "input_ids", "attention_mask"


@dataclass(frozen=True)
class Batch:
    """Samples that are answered by one inference.

    Attributes:
        samples: Each of batch 1, at its own length.
        length: The length to pad to, for a graph of fixed shape; None pads to the longest.
    """

    samples: Sequence[Feed]
    length: int | None = None

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sample."""
        return [sample[TOKENS].shape[1] for sample in self.samples]

    def padded(self) -> dict[str, Array]:
        """Return one array per input, the samples stacked: (B, S), padding masked."""
        length = self.length or max(self.lengths)
        names = self.samples[0]
        return {
            name: np.concatenate([_pad(sample[name], length) for sample in self.samples]) for name in names
        }


@dataclass(frozen=True)
class Job:
    """One export.

    Attributes:
        weights: A folder of transformers: config.json, model.safetensors, and a tokenizer.
        handover: The same network as a Python file with `model()` and `samples()`.
        example: A batch of the shape that a peer of fixed shapes exports for.
        calibration: Samples, of batch 1 and of their own lengths, to calibrate on.
    """

    weights: Path
    handover: Path
    example: Batch
    calibration: Sequence[Feed]


@dataclass(frozen=True)
class Peer:
    """One way to run a network.

    Attributes:
        name: What the command line and the table call it.
        module: Its file's name, which names its virtual environment too.
        packages: What pip installs there; none: it runs in the environment of the process that leads.
        export: Writes one folder a variant, such as a level of optimization, into a folder; all that is
            in a variant's folder counts as its size.
        load: Opens a variant with a number of threads and returns what binds inputs to a call.
        fixed: Its graphs have fixed shapes: one export a shape, and all inputs are padded.
        calibrates: Its exports depend on the calibration.
        sources: Files and folders, besides its own file, on which they depend.
        title: What a row of the README calls it; ``{PACKAGE}`` stands for a package's version.
    """

    name: str
    module: str
    packages: Sequence[str]
    export: Callable[[Job, Path], None]
    load: Callable[[Path, int], Callable[[Batch], Call]]
    fixed: bool = False
    calibrates: bool = False
    sources: Sequence[Path] = ()
    title: str = ""


def batches(samples: Sequence[Feed], size: int, length: int | None) -> Iterator[Batch]:
    """Yield the samples in batches of `size`, the last one filled up with its own last sample."""
    for start in range(0, len(samples), size):
        part = list(samples[start : start + size])
        yield Batch(part + part[-1:] * (size - len(part)), length)


def pooled(output: Array, batch: Batch) -> NDArray[np.float32]:
    """Return an embedding per sample, float32 (B, W): the mean of the hidden state over the real tokens."""
    if output.ndim == 2:
        return output.astype(np.float32)
    mask = batch.padded()[MASK][..., None].astype(np.float32)  # (B, S, 1)
    return np.asarray((output * mask).sum(axis=1) / mask.sum(axis=1), np.float32)  # (B, W)


def read_samples(path: Path) -> list[Feed]:
    """Read what `write_samples` wrote."""
    samples: dict[str, dict[str, Array]] = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            number, name = key.split(".")
            samples.setdefault(number, {})[name] = arrays[key]
    return list(samples.values())


def write_samples(path: Path, samples: Sequence[Feed]) -> None:
    """Write samples as one npz file, an array a sample and input."""
    arrays = {
        f"{number}.{name}": array for number, sample in enumerate(samples) for name, array in sample.items()
    }
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    partial.replace(path)


def _pad(array: Array, length: int) -> Array:
    return np.pad(array, ((0, 0), (0, length - array.shape[1])))  # (1, S)
