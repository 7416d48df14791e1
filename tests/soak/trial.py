"""A process that tries one bad input after another, and says what became of it: a line of JSON in, one out.

What leaves as an error of edgeattn's own is refused. What is accepted must answer as its golden outputs say:
they are read and compared here by numpy alone, and not by what is tried.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import load as load_tensors

from edgeattn_runtime import CheckFailed, Deadline, EdgeAttnError, Model, Sound, generate, load
from edgeattn_runtime.commands.raw_input import read_input

REFUSED, ACCEPTED, WRONG, FOREIGN = "refused", "accepted", "wrong", "foreign"
ADDRESSES: Final = 6 * 2**30  # bytes, so that the machine survives
PATIENCE: Final = 10.0  # seconds of a call, by its own deadline
TEXTS: Final = ["hello world", "a b c"]

Arrays = Mapping[str, Any]


class WrongAnswerError(Exception):
    """What was accepted answers otherwise than it must."""


def try_bundle(case: Mapping[str, Any]) -> None:
    """Load a bundle, prove it, and call all that it has."""
    with load(case["folder"], trusted_keys=case["keys"]) as net:
        failed = [result for result in net.check() if not result.ok]
        if failed:
            raise CheckFailed("golden outputs miss the tolerance")
        _check_golden(net)
        _exercise(net)
    if case["changed"]:
        raise WrongAnswerError("accepted, though a file is not the one that was hashed or signed")


def try_input(case: Mapping[str, Any]) -> None:
    """Read a file or a text, and have a model answer it, twice."""
    net = _reference(case["folder"])
    file = case["file"]
    inputs = read_input(net, None if file is None else Path(file), case["text"])
    if _answer(net, inputs) != _answer(net, inputs):
        raise WrongAnswerError("two answers to one input")
    if case["changed"]:
        raise WrongAnswerError("accepted, though it breaks the contract")


TRIED: Final[Mapping[str, Callable[[Mapping[str, Any]], None]]] = {"bundle": try_bundle, "input": try_input}


def outcome_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of a case, the seconds of processor time that it took, and the bytes at its peak."""
    before, start = _peak(reset=True), time.process_time()
    outcome, message = ACCEPTED, ""
    try:
        with Deadline(PATIENCE):
            TRIED[case["try"]](case)
    except EdgeAttnError as error:
        outcome, message = REFUSED, str(error)
    except WrongAnswerError as error:
        outcome, message = WRONG, str(error)
    except BaseException as error:
        outcome, message = FOREIGN, f"{type(error).__module__}.{type(error).__name__}: {error}"[:300]
    taken = _peak() - before
    return {"outcome": outcome, "message": message, "seconds": time.process_time() - start, "bytes": taken}


def _check_golden(net: Model) -> None:
    """Compare a model's answers with its golden outputs, independently of its own check."""
    manifest = net.manifest
    tensors = load_tensors((net.files.folder / manifest.golden.file).read_bytes())
    for i in range(manifest.golden.samples):
        inputs = {tensor.name: tensors[f"{i}.input.{tensor.name}"] for tensor in net.inputs}
        tolerance = net.answering(inputs).tolerance
        for name, output in net(**inputs).items():
            if not _error(output, i, name, tensors) <= tolerance[name] + 1e-9:
                raise WrongAnswerError(f"sample {i}: {name} misses its tolerance, and its check passed")


def _error(output: Any, sample: int, name: str, tensors: Mapping[str, Any]) -> float:
    expected = tensors[f"{sample}.output.{name}"].astype(np.float64)
    places = tensors.get(f"{sample}.places.{name}", np.arange(expected.size))
    if output.shape != tuple(tensors.get(f"{sample}.dims.{name}", expected.shape)):
        return np.inf
    spread = np.broadcast_to(tensors[f"spread.{name}"], output.shape).astype(np.float64).ravel()
    a, b = output.astype(np.float64).ravel()[places], expected.ravel()
    kept = np.isfinite(a) | np.isfinite(b)
    parts = ((a - b) / spread[places])[kept]
    return float(np.sqrt(np.mean(parts**2))) if parts.size else 0.0


def _exercise(net: Model) -> None:
    """Prepare what a bundle prepares, and continue tokens where it does; refusals of the data are fine."""
    processing, generation = net.manifest.processing, net.manifest.generation
    if processing is not None:
        if processing.text is not None:
            net.prepare(text=TEXTS)
        if processing.image is not None:
            net.prepare(
                image=np.zeros((48, 64) if processing.image.channels == "L" else (48, 64, 3), np.uint8)
            )
        if processing.audio is not None:
            shape = (4000,) if processing.audio.channels == 1 else (processing.audio.channels, 4000)
            net.prepare(audio=Sound(processing.audio.rate, np.full(shape, 0.5, np.float32)))
        if processing.series is not None:
            net.prepare(series=np.ones((len(processing.series.names), 24)))
    if generation is not None and generation.encoder is None:
        list(generate(net, [1, 2], max_new_tokens=4))


def _answer(net: Model, inputs: Arrays) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in net(**inputs).items()}


_REFERENCES: dict[str, Model] = {}


def _reference(folder: str) -> Model:
    if folder not in _REFERENCES:
        _REFERENCES[folder] = load(folder)
    return _REFERENCES[folder]


def _peak(*, reset: bool = False) -> int:
    """Return the most bytes that were resident since the last reset; Linux alone tells."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    """Try cases until there are no more."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        print(json.dumps(outcome_of(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
